// Package reliability holds the server to its bar from outside: the bench server runs
// as a process of its own and is drained, stormed, flooded, overloaded and abused by
// clients over loopback, while well-behaved ones look on. Each test prints the figures
// it judges.
//
// The tests take seconds. RELIABILITY=long (make test-long) repeats the counted ones
// with the full numbers.
package reliability
