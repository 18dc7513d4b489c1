module go_spike

go 1.19
