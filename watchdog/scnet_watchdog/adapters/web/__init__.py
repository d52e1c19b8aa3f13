"""HTTP for people and their tools: the control socket, and the same on TCP behind a token.

The only modules that import starlette and uvicorn; loaded when a server starts, never before.
"""
