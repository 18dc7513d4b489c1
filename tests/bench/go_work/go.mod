module go_work

go 1.19
