"""Where the Mesh API is, and the variables in which its users name a gateway and a key."""

MESH_GATEWAY = "https://api.meshapi.ai"
BASE_URL_VARIABLE = "MESHAPI_BASE_URL"
KEY_VARIABLES = ("MESHAPI_API_KEY", "MESH_API_KEY", "MESHAPI_TOKEN")
"""In the order in which they count."""
