module github.com/go-sails/sails/compat_test

go 1.26.0

require github.com/go-sails/sails v0.0.0

replace github.com/go-sails/sails => ../
