package io.logcourier.localstack.sqs;

import java.lang.reflect.Field;
import java.util.ArrayDeque;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.function.Function;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.actor.ExtendedActorSystem;
import org.apache.pekko.actor.ExtensionId;
import org.apache.pekko.event.LoggingAdapter;
import org.apache.pekko.http.javadsl.model.ContentTypes;
import org.apache.pekko.http.scaladsl.ConnectionContext;
import org.apache.pekko.http.scaladsl.Http;
import org.apache.pekko.http.scaladsl.HttpExt;
import org.apache.pekko.http.scaladsl.model.HttpRequest;
import org.apache.pekko.http.scaladsl.model.HttpResponse;
import org.apache.pekko.http.scaladsl.settings.ServerSettings;
import org.apache.pekko.stream.Materializer;
import org.apache.pekko.stream.scaladsl.Flow;
import scala.concurrent.Future;

/**
 * Pekko's HTTP server with a guard before whatever is served. ElasticMQ takes no filter, and binds its routes through the
 * extension of the actor system that it is given: this is that extension.
 */
final class GuardedHttp extends HttpExt {
    /** Refused requests go on as this one, so that every request has one response and their order stays. */
    private static final HttpRequest NOTHING =
            (HttpRequest) org.apache.pekko.http.javadsl.model.HttpRequest.GET("/health");

    private static final long serialVersionUID = 1;

    private final transient Function<HttpRequest, Optional<String>> guard;

    private GuardedHttp(ExtendedActorSystem actors, Function<HttpRequest, Optional<String>> guard) {
        super(actors.settings().config().getConfig("pekko.http"), actors);
        this.guard = guard;
    }

    /**
     * Has every HTTP server of {@code actors} that is started from now on ask a guard first.
     *
     * @param guard tells why a request is refused, with status 403, or nothing if it is served
     * @throws IllegalStateException if this version of Pekko keeps its extensions elsewhere
     */
    static void install(ActorSystem actors, Function<HttpRequest, Optional<String>> guard) {
        try {
            Field field = actors.getClass().getDeclaredField("extensions");
            field.setAccessible(true);
            @SuppressWarnings("unchecked")
            Map<ExtensionId<?>, Object> extensions = (Map<ExtensionId<?>, Object>) field.get(actors);
            extensions.put(Http.lookup(), new GuardedHttp((ExtendedActorSystem) actors, guard));
        } catch (ReflectiveOperationException | ClassCastException e) {
            throw new IllegalStateException("Pekko has no place for a guarded HTTP server: another version?", e);
        }
    }

    @Override
    public Future<Http.ServerBinding> bindAndHandleImpl(
            Flow<HttpRequest, HttpResponse, Object> handler,
            String address,
            int port,
            ConnectionContext context,
            ServerSettings settings,
            LoggingAdapter logger,
            Materializer materializer) {
        return super.bindAndHandleImpl(guarded(handler), address, port, context, settings, logger, materializer);
    }

    /** One guard per connection. Requests and responses pass in the same order, one response for each request. */
    private Flow<HttpRequest, HttpResponse, Object> guarded(Flow<HttpRequest, HttpResponse, Object> handler) {
        return org.apache.pekko.stream.javadsl.Flow.fromMaterializer(
                        (materializer, attributes) -> new Connection(materializer).around(handler))
                .<Object>mapMaterializedValue(done -> done)
                .asScala();
    }

    private final class Connection {
        private final Materializer materializer;
        private final Queue<Optional<String>> refusals = new ArrayDeque<>();

        Connection(Materializer materializer) {
            this.materializer = materializer;
        }

        org.apache.pekko.stream.javadsl.Flow<HttpRequest, HttpResponse, Object> around(
                Flow<HttpRequest, HttpResponse, Object> handler) {
            return org.apache.pekko.stream.javadsl.Flow.<HttpRequest>create()
                    .map(this::in)
                    .viaMat(handler, (one, other) -> other)
                    .map(this::out);
        }

        private HttpRequest in(HttpRequest request) {
            Optional<String> refusal = guard.apply(request);
            refusals.add(refusal);
            if (refusal.isEmpty()) {
                return request;
            }
            request.discardEntityBytes(materializer);
            return NOTHING;
        }

        private HttpResponse out(HttpResponse response) {
            Optional<String> refusal = refusals.remove();
            if (refusal.isEmpty()) {
                return response;
            }
            response.discardEntityBytes(materializer);
            String error =
                    "{\"__type\":\"com.amazonaws.sqs#AccessDenied\",\"message\":\"%s\"}".formatted(refusal.get());
            return (HttpResponse) org.apache.pekko.http.javadsl.model.HttpResponse.create()
                    .withStatus(403)
                    .withEntity(ContentTypes.APPLICATION_JSON, error);
        }
    }
}
