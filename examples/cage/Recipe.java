// Recipe.java -- A web service that keeps 20 MiB with every request, in Java.
//
// Compile it outside of the cage: the compiler needs more memory than the service (Java 11 or
// later).
//
//   javac -d /tmp/recipe examples/cage/Recipe.java
//   oomlab cage --limit=100000000 -- java -Xmx1g -cp /tmp/recipe Recipe
//   curl localhost:8080/ping
//   curl localhost:8080/generate-load/memory   (in another terminal, again and again)
//
// oomlab says beforehand that a heap of 1 GiB does not fit; the fourth request is one too many: the
// kernel ends it. What else to try:
//
//   oomlab cage --limit=100000000 -- java -Xmx48m -cp /tmp/recipe Recipe
//
// A heap that fits: the request that is too much is answered 503, "Java heap space", and the
// service lives on. So it does without any -Xmx: the JVM has looked at its cage.
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

public class Recipe {
	private static final int LOAD_BYTES = 20 << 20;
	private static final List<byte[]> kept = new ArrayList<>();
	private static final Random random = new Random();

	private static void answer(HttpExchange exchange, int status, String text) throws IOException {
		byte[] bytes = text.getBytes();
		exchange.sendResponseHeaders(status, bytes.length == 0 ? -1 : bytes.length);
		exchange.getResponseBody().write(bytes);
		exchange.close();
	}

	private static void ping(HttpExchange exchange) throws IOException {
		exchange.getResponseHeaders().set("Content-Type", "application/json");
		answer(exchange, 200, "{\"message\":\"pong\"}\n");
	}

	private static void keep(HttpExchange exchange) throws IOException {
		try {
			byte[] load = new byte[LOAD_BYTES];
			random.nextBytes(load); // Nothing can merge or drop them.
			kept.add(load);
		} catch (OutOfMemoryError error) {
			System.out.println("refused: " + error.getMessage());
			answer(exchange, 503, error.getMessage() + "\n");
			return;
		}
		System.out.println("20 MiB more: " + kept.size() + " times now");
		answer(exchange, 200, "");
	}

	/** One argument: the port on localhost; 0 for any that is free. */
	public static void main(String[] arguments) throws IOException {
		int port = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 8080;
		InetSocketAddress address = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
		HttpServer server = HttpServer.create(address, 0);
		server.createContext("/ping", Recipe::ping);
		server.createContext("/generate-load/memory", Recipe::keep);
		server.start();
		System.out.println("listening on http://127.0.0.1:" + server.getAddress().getPort());
		// What a watchdog wants of a program: it ends in good order when it is told to.
		Runtime.getRuntime().addShutdownHook(new Thread(() -> System.out.println("told to end")));
	}
}
