module recipe-go

go 1.19
