"""Client of the Music Separation Service."""

from ._client import Client
from ._documents import Failure, Model, Page, Progress, Separation, Status
from ._errors import ApiError
from ._options import Options

__version__ = "0.1.0"
__all__ = ["ApiError", "Client", "Failure", "Model", "Options", "Page", "Progress", "Separation", "Status"]
