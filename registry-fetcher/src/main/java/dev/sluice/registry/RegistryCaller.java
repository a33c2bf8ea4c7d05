package dev.sluice.registry;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import okhttp3.HttpUrl;
import okhttp3.Request;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one place that sends requests to registries: it authenticates, follows redirects, decides what a status means, and tries
 * again what may succeed. Safe for use by many threads.
 */
final class RegistryCaller {
    private static final Logger log = LoggerFactory.getLogger(RegistryCaller.class);
    private static final int MAX_CHALLENGES = 2;

    private final Transport transport;
    private final Endpoints endpoints;
    private final Authenticator authenticator;
    private final RegistryOptions options;
    private final Backoff backoff;
    private final TimeSource time;

    RegistryCaller(
            Transport transport,
            Endpoints endpoints,
            Authenticator authenticator,
            RegistryOptions options,
            Backoff backoff,
            TimeSource time) {
        this.transport = transport;
        this.endpoints = endpoints;
        this.authenticator = authenticator;
        this.options = options;
        this.backoff = backoff;
        this.time = time;
    }

    /**
     * How a call is made.
     *
     * @param deadline for all tries and the pauses between them
     * @param redirect where redirects are remembered
     * @param newConnection use none that was used before
     * @param cancellation fails the call
     */
    record Manner(Deadline deadline, Redirect redirect, boolean newConnection, Cancellation cancellation) {}

    /** Calls with nothing remembered. */
    <T> T call(String host, ApiRequest<T> request, Deadline deadline) throws RegistryException {
        return call(host, request, new Manner(deadline, new Redirect(time), false, new Cancellation()), 0);
    }

    /**
     * Calls an operation until it succeeds, fails for good, or its deadline passes.
     *
     * @param failuresBefore how many tries have failed already; they count
     */
    <T> T call(String host, ApiRequest<T> request, Manner manner, int failuresBefore) throws RegistryException {
        Task task = new Task(request.action(), host);
        Endpoint endpoint = endpoints.of(host, task);
        for (int failures = failuresBefore + 1; ; failures++) {
            Optional<HttpUrl> remembered = manner.redirect.current();
            try {
                return attempt(endpoint, request, manner, task, remembered);
            } catch (RegistryException.Unavailable e) {
                // What it redirects to may be what is out of order: let the registry choose anew.
                remembered.ifPresent(manner.redirect::forget);
                pause(failures, e, manner, task);
            }
        }
    }

    /**
     * Waits before another try.
     *
     * @param failures in a row, at least 1
     * @throws RegistryException.Unavailable the failure itself, if there should be no other try
     */
    void pause(int failures, RegistryException.Unavailable failure, Manner manner, Task task)
            throws RegistryException.Unavailable {
        Optional<Duration> pause = backoff.after(failures, failure.retryAfter());
        if (pause.isEmpty() || pause.get().compareTo(manner.deadline.remaining()) >= 0) {
            throw failure;
        }
        log.debug("{}; trying again in {} ms", failure.getMessage(), pause.get().toMillis());
        try {
            if (time.pause(pause.get(), manner.cancellation)) {
                throw task.unavailable("the caller gave up", failure);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw task.unavailable("the thread was interrupted", failure);
        }
    }

    /** One try: one request, and those that redirects and challenges make necessary. */
    private <T> T attempt(
            Endpoint endpoint, ApiRequest<T> request, Manner manner, Task task, Optional<HttpUrl> remembered)
            throws RegistryException {
        HttpUrl api = endpoint.url(request.path());
        HttpUrl url = remembered.orElse(api);
        boolean renewable = remembered.isPresent();
        int redirects = 0;
        int challenges = 0;
        while (true) {
            Optional<Authorization> authorization =
                    endpoint.owns(url) ? authenticator.remembered(endpoint, request.scope()) : Optional.empty();
            Step<T> step = step(endpoint, request, url, authorization, manner, task);
            if (step instanceof Step.Done<T> done) {
                if (redirects > 0) {
                    manner.redirect.remember(url);
                }
                return done.result;
            } else if (step instanceof Step.Redirected<T> redirected) {
                if (++redirects > options.limits().redirects()) {
                    throw task.protocol("the registry redirected more than "
                            + options.limits().redirects() + " times");
                }
                url = redirected.target;
            } else if (step instanceof Step.Challenged<T> challenged) {
                if (++challenges > MAX_CHALLENGES) {
                    throw challenged.failure;
                }
                authenticator.answer(
                        endpoint, request.scope(), challenged.challenges, authorization, task, manner.deadline);
            } else if (step instanceof Step.Refused<T> refused) {
                if (!renewable) {
                    throw refused.failure;
                }
                // The remembered redirect may have expired: once more over the registry.
                remembered.ifPresent(manner.redirect::forget);
                renewable = false;
                url = api;
                redirects = 0;
            }
        }
    }

    /** What one request led to. */
    private sealed interface Step<T> {
        record Done<T>(T result) implements Step<T> {}

        record Redirected<T>(HttpUrl target) implements Step<T> {}

        record Challenged<T>(List<Challenge> challenges, RegistryException failure) implements Step<T> {}

        record Refused<T>(RegistryException failure) implements Step<T> {}
    }

    private <T> Step<T> step(
            Endpoint endpoint,
            ApiRequest<T> request,
            HttpUrl url,
            Optional<Authorization> authorization,
            Manner manner,
            Task task)
            throws RegistryException {
        Duration within = Durations.min(options.timeouts().request(), manner.deadline.remaining());
        if (within.isZero()) {
            throw task.unavailable("its deadline has passed");
        }
        Request.Builder http = new Request.Builder().url(url).method(request.method(), null);
        request.headers().forEach(http::header);
        authorization.ifPresent(a -> http.header("Authorization", a.value()));
        String where = endpoint.owns(url) ? "" : url.host() + ": ";
        try {
            Exchange exchange = transport.open(http, manner.newConnection, within, manner.cancellation);
            if (request.accepts(exchange.status())) {
                return new Step.Done<>(handle(request, exchange, task));
            }
            try (exchange) {
                return otherwise(endpoint, url, exchange, where, task);
            }
        } catch (RegistryException e) {
            throw e;
        } catch (InterruptedIOException e) {
            throw interrupted(e, where, task);
        } catch (IOException e) {
            throw Failures.of(e, where, task);
        }
    }

    private static <T> T handle(ApiRequest<T> request, Exchange exchange, Task task) throws IOException {
        boolean handled = false;
        try {
            T result = request.handle(exchange, task);
            handled = true;
            return result;
        } catch (RegistryException e) {
            throw e;
        } catch (IOException e) {
            throw exchange.explained(e);
        } finally {
            if (!handled) {
                exchange.cancel();
                exchange.close();
            }
        }
    }

    private <T> Step<T> otherwise(Endpoint endpoint, HttpUrl url, Exchange exchange, String where, Task task)
            throws RegistryException {
        int status = exchange.status();
        if (Statuses.isRedirect(status)) {
            return new Step.Redirected<>(target(url, exchange, task));
        }
        String answered = where.isEmpty() ? "the registry answered" : url.host() + " answered";
        RegistryException failure = Statuses.failure(exchange, answered, task, time);
        if (status == 401 && endpoint.owns(url)) {
            return new Step.Challenged<>(Challenge.parse(exchange.headers("WWW-Authenticate")), failure);
        }
        if (failure instanceof RegistryException.Unavailable) {
            throw failure;
        }
        return new Step.Refused<>(failure);
    }

    /** Where a redirect leads. Its query may be a signature, so it is never shown. */
    private HttpUrl target(HttpUrl from, Exchange exchange, Task task) throws RegistryException {
        HttpUrl target = from.resolve(exchange.header("Location").orElse(""));
        if (target == null || target.equals(from)) {
            throw task.protocol("the registry redirected to nowhere");
        }
        if (!endpoints.allows(from, target)) {
            throw task.protocol(
                    "the registry redirected to " + target.host() + ", which would be spoken to without TLS");
        }
        return target;
    }

    private static RegistryException interrupted(InterruptedIOException e, String where, Task task) {
        return Thread.currentThread().isInterrupted()
                ? task.unavailable("the thread was interrupted", e)
                : Failures.of(e, where, task);
    }
}
