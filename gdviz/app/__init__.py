"""The program's Qt parts that are not views."""
