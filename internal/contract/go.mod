module github.com/belticlabs/beltic-go/internal/contract

go 1.26

replace github.com/belticlabs/beltic-go => ../..
