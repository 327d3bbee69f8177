// Package release holds the rehearsal of a release: the module is published to a proxy in a folder
// and used as a stranger would use it, by go get and a build that may not change go.mod.
package release
