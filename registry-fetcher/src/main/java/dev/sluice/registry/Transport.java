package dev.sluice.registry;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import okhttp3.Call;
import okhttp3.ConnectionPool;
import okhttp3.OkHttpClient;
import okhttp3.Protocol;
import okhttp3.Request;

/** Sends requests: over connections that are kept, or over a new one. Follows nothing, decompresses nothing, knows no credentials. */
final class Transport implements AutoCloseable {
    private final OkHttpClient kept;
    private final OkHttpClient fresh;
    private final String userAgent;

    Transport(RegistryOptions options, OkHttpClient base) {
        kept = base.newBuilder()
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

    /**
     * Sends a request and waits for the head of the answer.
     *
     * @param newConnection do not use one that was used before
     */
    Exchange open(Request.Builder request, boolean newConnection, Duration within, Cancellation cancellation)
            throws IOException {
        Request complete = request.header("User-Agent", userAgent)
                .header("Accept-Encoding", "identity")
                .build();
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
