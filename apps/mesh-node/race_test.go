//go:build race

package main

// isRace: the race detector takes memory of its own, many times that of the program.
const isRace = true
