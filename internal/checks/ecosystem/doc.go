// Package ecosystem holds the models, options and errors of the library to what other people's
// packages do with them: comparers, encoders, copiers, loggers, templates and databases. Each test
// runs the real package, because what a package does with a struct (whether it looks for methods,
// reads json tags, tells nil from empty) cannot be known from its documentation alone.
package ecosystem
