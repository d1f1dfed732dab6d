"""The settings and the container that puts the objects together."""
