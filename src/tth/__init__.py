"""TTH: text in, a speaking human out, over one typed gRPC stream."""

__version__ = "0.1.0"
SCHEMA_VERSION = "1.0"
