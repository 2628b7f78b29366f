"""An agent of LangGraph: `PROMPT HISTORY [structured]`. It continues the conversation in the file HISTORY, if any."""

import json
import sys
from pathlib import Path

from files import Answer, read_file
from gateway import model
from langchain_core.messages import HumanMessage, messages_from_dict, messages_to_dict
from langchain_core.tools import tool
from langgraph.graph import START, MessagesState, StateGraph
from langgraph.prebuilt import ToolNode, tools_condition

TOOLS = [tool(read_file)]


def ask(state: MessagesState) -> MessagesState:
    return {"messages": [model.bind_tools(TOOLS).invoke(state["messages"])]}


def main(prompt: str, history: Path, *structured: str) -> None:
    if structured:
        print(model.with_structured_output(Answer, method="json_schema").invoke(prompt))
        return
    graph = StateGraph(MessagesState)
    graph.add_node("ask", ask)
    graph.add_node("tools", ToolNode(TOOLS))
    graph.add_edge(START, "ask")
    graph.add_conditional_edges("ask", tools_condition)
    graph.add_edge("tools", "ask")
    before = messages_from_dict(json.loads(history.read_text())) if history.exists() else []
    state = {"messages": [*before, HumanMessage(prompt)]}
    for kind, each in graph.compile().stream(state, stream_mode=["messages", "values"]):
        state = each if kind == "values" else state
    history.write_text(json.dumps(messages_to_dict(state["messages"])))
    print(state["messages"][-1].content)


main(sys.argv[1], Path(sys.argv[2]), *sys.argv[3:])
