"""`templates/acknowledgements/*.txt`: what people are told, a workspace's or ours."""

from mailer.workspace.webpages import files_below

FOLDER = "templates/acknowledgements"


def read_acknowledgements(folder: str) -> dict[str, str]:
    """Return the texts by file name, the example's where one is missing.

    Raises:
        WorkspaceError: when a file cannot be read, or is not UTF-8.
    """
    return files_below(folder, FOLDER, ".txt")
