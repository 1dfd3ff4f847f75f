"""How fast the service is, each figure beside a named baseline measured in the same run."""
