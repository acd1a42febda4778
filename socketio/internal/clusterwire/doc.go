// Package clusterwire is how nodes write their messages: the parts that the formats of
// the JavaScript adapters have in common, and the messages of its ClusterAdapter (spec
// 3.2), JSON or MessagePack as they hold byte strings or not.
//
// What is decoded is input like any other (SEC-92): bounded by its own length, nesting
// limited, unknown types and members ignored.
package clusterwire
