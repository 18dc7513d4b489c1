// main.go -- The workloads in Go, with the runtime's default settings. The sizes, the random numbers
// and the report are those of work.h.
//
// Usage: go_work churn|trees|slabs|graph
package main

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"syscall"
	"time"
	"unsafe"
)

const (
	churnSteps       = 12000000
	churnWindow      = 32768
	smallBytes       = 16
	middleBytes      = 64
	pairBytes        = 24
	treesDepthMin    = 4
	treesDepthMax    = 16
	treeBytes        = 16
	slabsCount       = 3000
	slabsLive        = 8
	pageBytes        = 4096
	slabMin          = 65536
	slabFactors      = 8
	graphNodes       = 10000000
	graphNodeBytes   = 24
	graphCollections = 1
	graphWalkSteps   = 500000
	seed             = 1
)

// splitmix64.
func random(state *uint64) uint64 {
	*state += 0x9e3779b97f4a7c15
	z := *state
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb
	return z ^ (z >> 31)
}

func mix(checksum, value uint64) uint64 { return checksum*0x9e3779b97f4a7c15 + value }

func slabBytes(state *uint64) uint64 {
	base := uint64(slabMin) << (random(state) % slabFactors)
	return base + random(state)%(base/pageBytes+1)*pageBytes
}

type result struct {
	checksum, objects, bytes uint64
	cpu, wall                time.Duration
}

type small [smallBytes / 8]uint64
type middle [middleBytes / 8]uint64
type pair struct {
	small  *small
	middle *middle
	value  uint64
}

// What the ring's entries refer to differs by kind, as in C: a typed pointer behind an untyped one.
func makeStep(r *result, kind uint64, step uint64) unsafe.Pointer {
	switch {
	case kind < 2:
		r.objects++
		r.bytes += smallBytes
		object := new(small)
		object[0] = step
		return unsafe.Pointer(object)
	case kind == 2:
		r.objects++
		r.bytes += middleBytes
		object := new(middle)
		object[0] = step
		return unsafe.Pointer(object)
	}
	object := new(pair)
	object.small = new(small)
	object.small[0] = step + 1
	object.middle = new(middle)
	object.middle[0] = step + 2
	object.value = step
	r.objects += 3
	r.bytes += pairBytes + smallBytes + middleBytes
	return unsafe.Pointer(object)
}

func leave(checksum uint64, kind uint8, object unsafe.Pointer) uint64 {
	if kind < 3 {
		return mix(checksum, *(*uint64)(object))
	}
	p := (*pair)(object)
	return mix(checksum, p.value+p.small[0]+p.middle[0])
}

var ring [churnWindow]unsafe.Pointer
var kinds [churnWindow]uint8

func churn(r *result) {
	state := uint64(seed)
	for step := uint64(0); step < churnSteps; step++ {
		at := step % churnWindow
		if step >= churnWindow {
			r.checksum = leave(r.checksum, kinds[at], ring[at])
		}
		kind := random(&state) >> 62
		kinds[at] = uint8(kind)
		ring[at] = makeStep(r, kind, step)
	}
}

type tree struct{ left, right *tree }

func grow(r *result, depth int) *tree {
	t := &tree{}
	r.objects++
	if depth > 0 {
		t.left = grow(r, depth-1)
		t.right = grow(r, depth-1)
	}
	return t
}

func count(t *tree) uint64 {
	if t.left == nil {
		return 1
	}
	return 1 + count(t.left) + count(t.right)
}

func trees(r *result) {
	r.checksum = count(grow(r, treesDepthMax+1))
	longLived := grow(r, treesDepthMax)
	for depth := treesDepthMin; depth <= treesDepthMax; depth += 2 {
		nodes := uint64(0)
		for i := 1 << (treesDepthMax - depth + treesDepthMin); i > 0; i-- {
			nodes += count(grow(r, depth))
		}
		r.checksum = mix(r.checksum, nodes)
	}
	r.checksum = mix(r.checksum, count(longLived))
	r.bytes = r.objects * treeBytes
}

func slabs(r *result) {
	var live [slabsLive][]byte
	state := uint64(seed)
	for i := 0; i < slabsCount; i++ {
		at := i % slabsLive
		old := live[at]
		for at := 0; at < len(old); at += pageBytes {
			r.checksum += uint64(old[at])
		}
		old = nil
		live[at] = nil
		slab := make([]byte, slabBytes(&state))
		for at := 0; at < len(slab); at += pageBytes {
			slab[at] = byte(i + at/pageBytes)
		}
		live[at] = slab
		r.objects++
		r.bytes += uint64(len(slab))
	}
}

type node struct {
	left, right *node
	value       uint64
}

func permute(count uint64, state *uint64) []uint32 {
	order := make([]uint32, count)
	for i := uint64(0); i < count; i++ {
		j := random(state) % (i + 1)
		order[i] = order[j]
		order[j] = uint32(i)
	}
	return order
}

func build() *node {
	state := uint64(seed)
	nodes := make([]*node, graphNodes)
	for i := range nodes {
		nodes[i] = new(node)
	}
	order := permute(graphNodes, &state)
	other := func(index uint64) *node {
		if index < graphNodes {
			return nodes[order[index]]
		}
		return nodes[random(&state)%graphNodes]
	}
	for i := uint64(0); i < graphNodes; i++ {
		n := nodes[order[i]]
		n.left = other(2*i + 1)
		n.right = other(2*i + 2)
		n.value = i
	}
	return nodes[order[0]]
}

func cpuNow() time.Duration {
	var usage syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &usage)
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

func graph(r *result) {
	// Nothing is garbage while it is built, and building is not timed.
	percent := debug.SetGCPercent(-1)
	n := build()
	debug.SetGCPercent(percent)
	cpu, wall := cpuNow(), time.Now()
	for i := 0; i < graphCollections; i++ {
		runtime.GC()
	}
	r.cpu, r.wall = cpuNow()-cpu, time.Since(wall)
	state := uint64(seed)
	for i := 0; i < graphWalkSteps; i++ {
		r.checksum = mix(r.checksum, n.value)
		if random(&state)>>63 != 0 {
			n = n.right
		} else {
			n = n.left
		}
	}
	r.objects = graphNodes * graphCollections
	r.bytes = r.objects * graphNodeBytes
}

func main() {
	works := map[string]func(*result){"churn": churn, "trees": trees, "slabs": slabs, "graph": graph}
	if len(os.Args) != 2 || works[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "usage: go_work churn|trees|slabs|graph")
		os.Exit(2)
	}
	var r result
	works[os.Args[1]](&r)
	fmt.Printf("work %016x %d %d %.3f %.3f\n", r.checksum, r.objects, r.bytes,
		float64(r.cpu)/1e6, float64(r.wall)/1e6)
}
