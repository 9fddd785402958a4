"""The hotline protocol, version 1, written from the pages of spec/ alone.

One module for each page.  It is the second implementation: slow, plain, and
independent of the library, so that a fault in either shows as a difference.
"""
