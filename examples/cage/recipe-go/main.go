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
//	oomlab cage --limit=100000000 -- /tmp/recipe-go -small
//	GOMEMLIMIT=64MiB oomlab cage --limit=100000000 -- /tmp/recipe-go -small
//
// Small pieces, made with much garbage. Left alone, Go collects so rarely that half of the cage is
// garbage, and the third request is killed. With a limit of its own it collects thirty times a
// request, takes twice as long for it, and gets one request further: such a limit cannot help where
// what is kept does not fit.
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
	"runtime"
	"sync"
	"syscall"
	"time"
)

const loadBytes = 20 << 20

// A line of text in a list: the collector has to follow all of it.
type line struct {
	next *line
	text string
}

var (
	mutex   sync.Mutex
	kept    [][]byte
	lines   *line
	garbage string
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

// 20 MiB in lines of 72 bytes, each the last of ten drafts.
func keepSmall() {
	for i := 0; i < loadBytes/72; i++ {
		for draft := 0; draft < 9; draft++ {
			garbage = fmt.Sprintf("%048d", draft)
		}
		lines = &line{next: lines, text: fmt.Sprintf("%048d", i)}
	}
}

func collections() uint32 {
	var statistics runtime.MemStats
	runtime.ReadMemStats(&statistics)
	return statistics.NumGC
}

func main() {
	port := flag.Int("port", 8080, "port on localhost; 0 for any that is free")
	small := flag.Bool("small", false, "keep many small pieces instead of a large one")
	flag.Parse()

	http.HandleFunc("/ping", ping)
	http.HandleFunc("/generate-load/memory", func(w http.ResponseWriter, r *http.Request) {
		mutex.Lock()
		defer mutex.Unlock()
		start, before := time.Now(), collections()
		if *small {
			keepSmall()
		} else {
			keepOne()
		}
		fmt.Printf("20 MiB more, in %v with %d collections\n",
			time.Since(start).Round(time.Millisecond), collections()-before)
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
