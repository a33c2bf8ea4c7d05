package dev.sluice.registry;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import okhttp3.Call;
import okhttp3.ConnectionPool;
import okhttp3.OkHttpClient;
import okhttp3.Protocol;
import okhttp3.Request;

/** Sends requests: over connections that are kept, or over a new one. Follows nothing, decompresses nothing, knows no credentials. */
final class Transport implements AutoCloseable {
    private static final Duration AMBIGUOUS_HANDSHAKE = Duration.ofSeconds(5);

    private final OkHttpClient kept;
    private final OkHttpClient fresh;
    private final String userAgent;

    /** @param traffic counts what is sent and received */
    Transport(RegistryOptions options, OkHttpClient base, Traffic traffic) {
        kept = base.newBuilder()
                .eventListenerFactory(traffic)
                .protocols(List.of(Protocol.HTTP_2, Protocol.HTTP_1_1))
                .followRedirects(false)
                .followSslRedirects(false)
                .connectTimeout(options.timeouts().connect())
                .readTimeout(options.timeouts().stall())
                .writeTimeout(options.timeouts().stall())
                .connectionPool(new ConnectionPool(
                        options.maxIdleConnections(), options.keepAlive().toMillis(), TimeUnit.MILLISECONDS))
                .build();
        fresh = kept.newBuilder()
                .connectionPool(new ConnectionPool(0, 1, TimeUnit.MILLISECONDS))
                .build();
        userAgent = options.userAgent();
    }

    private Transport(OkHttpClient kept, OkHttpClient fresh, String userAgent) {
        this.kept = kept;
        this.fresh = fresh;
        this.userAgent = userAgent;
    }

    /**
     * One that shares connections with this one where they are made in the same way.
     *
     * @param connect until a connection is open, without TLS; absent for the usual time
     * @param ambiguous whether the host may not know TLS; then it has little time to answer to it
     * @throws IOException if the TLS settings cannot be used
     */
    Transport with(TlsSettings tls, Optional<Duration> connect, boolean ambiguous) throws IOException {
        if (!tls.isExplicit() && connect.isEmpty()) {
            return this;
        }
        Optional<TlsContexts.TlsContext> context = tls.isExplicit()
                ? Optional.of(TlsContexts.of(
                        tls,
                        requireNonNull(kept.x509TrustManager()),
                        ambiguous ? Optional.of(AMBIGUOUS_HANDSHAKE) : Optional.empty()))
                : Optional.empty();
        return new Transport(with(kept, context, connect), with(fresh, context, connect), userAgent);
    }

    private static OkHttpClient with(
            OkHttpClient client, Optional<TlsContexts.TlsContext> tls, Optional<Duration> connect) {
        OkHttpClient.Builder builder = client.newBuilder();
        tls.ifPresent(context -> {
            builder.sslSocketFactory(context.sockets(), context.trust());
            if (!context.verifyName()) {
                builder.hostnameVerifier((name, session) -> true);
            }
        });
        connect.ifPresent(builder::connectTimeout);
        return builder.build();
    }

    /**
     * Sends a request and waits for the head of the answer.
     *
     * @param newConnection do not use one that was used before
     */
    Exchange open(Request.Builder request, boolean newConnection, Duration within, Cancellation cancellation)
            throws IOException {
        Request complete = request.header("Accept-Encoding", "identity").build();
        if (complete.header("User-Agent") == null) {
            complete = complete.newBuilder().header("User-Agent", userAgent).build();
        }
        Call call = (newConnection ? fresh : kept).newCall(complete);
        cancellation.covers(call);
        return Exchange.open(call, within);
    }

    @Override
    public void close() {
        for (OkHttpClient client : List.of(kept, fresh)) {
            client.dispatcher().executorService().shutdown();
            client.connectionPool().evictAll();
        }
    }
}
