"""Lint of k6 scripts, by their syntax trees and options."""
