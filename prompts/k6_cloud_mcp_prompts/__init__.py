"""Prompt texts for an assistant that has the tools of this server, and the loader that reads them."""

from k6_cloud_mcp_prompts.loader import load_prompts
from k6_cloud_mcp_prompts.prompt import Argument, Prompt, PromptArgumentError

__all__ = ["Argument", "Prompt", "PromptArgumentError", "load_prompts"]
