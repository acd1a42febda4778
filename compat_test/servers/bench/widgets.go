package main

import "github.com/gorilla/mux"

// widgets mounts the blueprint resource.
func widgets(*mux.Router) error { return nil }
