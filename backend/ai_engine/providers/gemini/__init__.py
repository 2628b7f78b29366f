"""Google's Gemini API: `generateContent`, its stream, and embeddings."""
