// main.go -- The default script's five routes as a Go program: net/http over the runtime's own heap.
//
// Usage: go_serve
// Listens at a free port of 127.0.0.1, prints "http://ADDRESS" and serves until it is ended. Standard
// library and default settings only. What is asked for is a number of bytes without a unit.
package main

import (
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"runtime"
	"strconv"
	"sync"
)

const pageBytes = 4096

// What is held, from the oldest to the newest.
var (
	mutex sync.Mutex
	held  [][]byte
)

func slab(bytes int) []byte {
	slab := make([]byte, bytes)
	for at := 0; at < bytes; at += pageBytes {
		slab[at] = 1
	}
	return slab
}

func writeStatistics(writer io.Writer) {
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	fmt.Fprintf(writer, "memstats:\n\tallocated: %d\n\tmalloc objects: %d\n\tfreed objects: %d\n"+
		"\theap alloc: %d\n\theap idle: %d\n\theap objects: %d\n\theap in-use: %d\n"+
		"\theap released: %d\n\tlast gc: %d\n\tnext gc: %d\n\tnum gc: %d\n",
		stats.Alloc, stats.Mallocs, stats.Frees, stats.HeapAlloc, stats.HeapIdle,
		stats.HeapObjects, stats.HeapInuse, stats.HeapReleased, stats.LastGC, stats.NextGC,
		stats.NumGC)
}

// A route that changes what is held by a number of bytes and tells how many it were.
func route(path, word string, change func(bytes int) int) {
	http.HandleFunc(path, func(writer http.ResponseWriter, request *http.Request) {
		bytes, err := strconv.Atoi(request.FormValue("bytes"))
		if err != nil || bytes < 0 {
			http.Error(writer, "bytes: expected a number", http.StatusBadRequest)
			return
		}
		mutex.Lock()
		changed := change(bytes)
		mutex.Unlock()
		fmt.Fprintf(writer, "%s:  %d\n\n", word, changed)
		writeStatistics(writer)
	})
}

func add(bytes int) int {
	held = append(held, slab(bytes))
	return bytes
}

// A slab that is larger than what is left to release becomes a smaller one.
func release(bytes int) int {
	left := bytes
	for left > 0 && len(held) > 0 {
		oldest := len(held[0])
		if oldest <= left {
			held[0] = nil
			held = held[1:]
			left -= oldest
			continue
		}
		held[0] = slab(oldest - left)
		left = 0
	}
	return bytes - left
}

func main() {
	route("/add", "added", add)
	route("/rel", "released", release)
	http.HandleFunc("/gc", func(writer http.ResponseWriter, _ *http.Request) {
		runtime.GC()
		writeStatistics(writer)
	})
	http.HandleFunc("/stats", func(writer http.ResponseWriter, _ *http.Request) {
		writeStatistics(writer)
	})
	http.HandleFunc("/reset", func(writer http.ResponseWriter, _ *http.Request) {
		mutex.Lock()
		held = nil
		mutex.Unlock()
		runtime.GC()
		writeStatistics(writer)
	})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("http://%s\n", listener.Addr())
	log.Fatal(http.Serve(listener, nil))
}
