package dev.sluice.registry;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import okhttp3.Call;
import okhttp3.HttpUrl;
import okhttp3.Response;
import okio.AsyncTimeout;
import okio.BufferedSource;

/**
 * One HTTP request and its answer. A watchdog ends it when its time is over, whatever it is doing then: the timeouts of the HTTP
 * library are per socket operation, and an answer that drips would pass them.
 */
final class Exchange implements AutoCloseable {
    private final Call call;
    private final Watchdog watchdog;
    private final Response response;

    private Exchange(Call call, Watchdog watchdog, Response response) {
        this.call = call;
        this.watchdog = watchdog;
        this.response = response;
    }

    /**
     * Sends a request and waits for the head of its answer.
     *
     * @param within until the head is there and, unless {@link #untilFurther} is called, the body too
     * @throws ExpiredException if the time is over
     */
    static Exchange open(Call call, Duration within) throws IOException {
        Watchdog watchdog = new Watchdog(call);
        watchdog.start(within);
        try {
            return new Exchange(call, watchdog, call.execute());
        } catch (IOException e) {
            throw watchdog.stop() ? new ExpiredException(within) : e;
        }
    }

    int status() {
        return response.code();
    }

    HttpUrl url() {
        return response.request().url();
    }

    Optional<String> header(String name) {
        return Optional.ofNullable(response.header(name));
    }

    List<String> headers(String name) {
        return response.headers(name);
    }

    /** From {@code Content-Length}; -1 if unknown. */
    long contentLength() {
        return response.body().contentLength();
    }

    BufferedSource body() {
        return response.body().source();
    }

    /** The media type without its parameters. */
    Optional<String> contentType() {
        return header("Content-Type")
                .map(type -> type.indexOf(';') < 0
                        ? type.strip()
                        : type.substring(0, type.indexOf(';')).strip());
    }

    /** Gives the rest of the exchange another time, or none. */
    void untilFurther(Optional<Duration> within) throws ExpiredException {
        if (watchdog.stop()) {
            throw new ExpiredException(watchdog.within());
        }
        within.ifPresent(watchdog::start);
    }

    /** What to throw for a failure while the body was read. */
    IOException explained(IOException failure) {
        return watchdog.stop() ? new ExpiredException(watchdog.within()) : failure;
    }

    /** Ends the exchange at once, from any thread; the connection is not used again. Does not free it: {@link #close} does. */
    void cancel() {
        call.cancel();
    }

    /** Frees the exchange. A body that was read to its end, or nearly so, leaves its connection to others. */
    @Override
    public void close() {
        watchdog.stop();
        response.close();
    }

    /** The time of an exchange is over. */
    static final class ExpiredException extends IOException {
        private static final long serialVersionUID = 1;

        ExpiredException(Duration within) {
            super("no complete answer within " + within.toMillis() + " ms");
        }
    }

    private static final class Watchdog extends AsyncTimeout {
        private final Call call;
        private boolean running;
        private boolean expired;

        Watchdog(Call call) {
            this.call = call;
        }

        synchronized void start(Duration within) {
            timeout(Math.max(1, within.toNanos()), TimeUnit.NANOSECONDS);
            running = true;
            enter();
        }

        Duration within() {
            return Duration.ofNanos(timeoutNanos());
        }

        /** True if the time was over before. */
        synchronized boolean stop() {
            if (running) {
                running = false;
                expired = exit();
            }
            return expired;
        }

        @Override
        protected void timedOut() {
            call.cancel();
        }
    }
}
