// main.go -- A web service that keeps 20 MiB with every request, in Go.
//
// Build it outside of the cage: the compiler needs more memory than the service.
//
//	go build -o /tmp/recipe-go ./examples/cage/recipe-go/main.go
//	oomlab cage --limit=100000000 -- /tmp/recipe-go
//	curl localhost:8080/ping
//	curl localhost:8080/generate-load/memory   (in another terminal, again and again)
//
// The fifth request is one too many: the kernel ends it, and oomlab says so. What else to try:
//
//	GOMEMLIMIT=64MiB oomlab cage --limit=100000000 -- /tmp/recipe-go -small
//
// A limit of Go's own, and memory in small pieces: from the third request on Go collects without
// end, each answer takes longer than the one before, and then the kernel ends it all the same. A
// limit of the heap cannot help where nothing is garbage.
package main

import (
	"crypto/rand"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"
)

const loadBytes = 20 << 20

// A piece of 64 bytes that the collector has to look at: it points to another one.
type piece struct {
	next *piece
	load [56]byte
}

var (
	mutex  sync.Mutex
	kept   [][]byte
	pieces *piece
)

func ping(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(map[string]string{"message": "pong"})
}

// Random bytes: nothing can merge or drop them.
func keepOne() {
	load := make([]byte, loadBytes)
	rand.Read(load)
	kept = append(kept, load)
}

func keepSmall() {
	load := make([]byte, 56)
	rand.Read(load)
	for i := 0; i < loadBytes/64; i++ {
		pieces = &piece{next: pieces}
		copy(pieces.load[:], load)
	}
}

func main() {
	port := flag.Int("port", 8080, "port on localhost; 0 for any that is free")
	small := flag.Bool("small", false, "keep many small pieces instead of a large one")
	flag.Parse()

	http.HandleFunc("/ping", ping)
	http.HandleFunc("/generate-load/memory", func(w http.ResponseWriter, r *http.Request) {
		mutex.Lock()
		defer mutex.Unlock()
		start := time.Now()
		if *small {
			keepSmall()
		} else {
			keepOne()
		}
		fmt.Printf("20 MiB more, in %v\n", time.Since(start).Round(time.Millisecond))
	})

	listener, err := net.Listen("tcp", fmt.Sprintf("localhost:%d", *port))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("listening on http://%v\n", listener.Addr())

	// What a watchdog wants of a program: it ends in good order when it is told to.
	told := make(chan os.Signal, 1)
	signal.Notify(told, syscall.SIGTERM)
	go func() {
		<-told
		fmt.Println("told to end")
		os.Exit(0)
	}()
	log.Fatal(http.Serve(listener, nil))
}
