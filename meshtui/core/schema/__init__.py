"""JSON Schema: what is one, what fits one, what it looks like as a form, and values made for one."""
