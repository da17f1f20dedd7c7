package io.logcourier.localstack.door;

import com.sun.net.httpserver.Filter;
import com.sun.net.httpserver.HttpExchange;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;

/** A {@link Door} before a context of the JDK's HTTP server. */
public final class DoorFilter extends Filter {
    @Override
    public String description() {
        return "refuses hosts that are not loopback, and web pages from elsewhere";
    }

    @Override
    public void doFilter(HttpExchange exchange, Chain chain) throws IOException {
        Optional<String> refusal =
                Door.refusal(name -> exchange.getRequestHeaders().getOrDefault(name, List.of()));
        if (refusal.isEmpty()) {
            chain.doFilter(exchange);
            return;
        }
        try (exchange) {
            byte[] text = refusal.get().getBytes(StandardCharsets.UTF_8);
            exchange.getResponseHeaders().set("Content-Type", "text/plain; charset=UTF-8");
            exchange.sendResponseHeaders(Door.STATUS, text.length);
            exchange.getResponseBody().write(text);
        }
    }
}
