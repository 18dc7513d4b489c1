// recipe-node.mjs -- A web service that keeps 20 MiB with every request, in Node.js.
//
//   oomlab cage --limit=100000000 -- node examples/cage/recipe-node.mjs
//   curl localhost:8080/ping
//   curl localhost:8080/generate-load/memory   (in another terminal, again and again)
//
// The fifth request is one too many: the kernel ends it, and oomlab says so. No setting of V8's
// helps: a Buffer is not part of its heap. What else to try:
//
//   oomlab cage --limit=100000000 -- \
//     node --max-old-space-size=48 examples/cage/recipe-node.mjs --heap
//
// Arrays of V8's heap instead, and a limit that fits into the cage: at the third request V8 gives
// up by itself ("JavaScript heap out of memory") and leaves a stack trace. The kernel killed
// nothing: oomlab calls it killed by signal 6 (SIGABRT), or an exit status, but no OOM kill.
import { randomFillSync } from "node:crypto";
import { createServer } from "node:http";
import { parseArgs } from "node:util";

const { values: options } = parseArgs({
	options: {
		port: { type: "string", default: "8080" }, // On localhost; 0 for any that is free.
		heap: { type: "boolean", default: false }, // Keep arrays of V8's heap instead of Buffers.
	},
});

const LOAD_BYTES = 20 * 1024 * 1024;
const kept = [];

// Random bytes: nothing can merge or drop them. Fractions take 8 bytes each in an array.
function keep() {
	if (!options.heap)
		return kept.push(randomFillSync(Buffer.allocUnsafeSlow(LOAD_BYTES)));
	const lists = [];
	for (let i = 0; i < LOAD_BYTES / 8192; i++)
		lists.push(Array.from({ length: 1024 }, Math.random));
	return kept.push(lists);
}

const routes = {
	"/ping": response => {
		response.setHeader("Content-Type", "application/json");
		response.end(JSON.stringify({ message: "pong" }));
	},
	"/generate-load/memory": response => {
		keep();
		console.log(`20 MiB more: ${kept.length} times now`);
		response.end();
	},
};

const server = createServer((request, response) => {
	const route = routes[request.url];
	if (route !== undefined)
		return route(response);
	response.statusCode = 404;
	return response.end();
});
server.listen(Number(options.port), "127.0.0.1", () => {
	console.log(`listening on http://127.0.0.1:${server.address().port}`);
});

// What a watchdog wants of a program: it ends in good order when it is told to.
process.on("SIGTERM", () => {
	console.log("told to end");
	process.exit(0);
});
