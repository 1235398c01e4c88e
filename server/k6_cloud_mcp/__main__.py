"""The entry of the program, as `k6-cloud-mcp` and as `python -m k6_cloud_mcp`."""

import gc


def main() -> None:
    """Run the command line.

    Imports make many objects and no garbage: collecting meanwhile took a sixth of the start. `finish_startup` ends that.
    """
    gc.disable()
    from k6_cloud_mcp.cli import main as run

    run()


if __name__ == "__main__":
    main()
