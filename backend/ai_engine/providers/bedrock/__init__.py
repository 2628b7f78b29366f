"""Amazon Bedrock: chats over Converse and ConverseStream, for every model there that holds conversations."""
