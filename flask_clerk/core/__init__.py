"""The decision, with no web framework in it: who sent this request, and what may they do?"""
