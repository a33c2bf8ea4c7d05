package dev.sluice.registry;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
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
    /** More than there are credentials for one repository. */
    private static final int MAX_CHALLENGES = 16;

    private final Endpoints endpoints;
    private final EndpointHealth health;
    private final Authenticator authenticator;
    private final RegistryOptions options;
    private final Backoff backoff;
    private final TimeSource time;

    RegistryCaller(
            Endpoints endpoints,
            Authenticator authenticator,
            RegistryOptions options,
            Backoff backoff,
            TimeSource time) {
        this.endpoints = endpoints;
        this.health = new EndpointHealth(time);
        this.authenticator = authenticator;
        this.options = options;
        this.backoff = backoff;
        this.time = time;
    }

    /**
     * How a call is made.
     *
     * @param deadline for all tries and the pauses between them
     * @param patience until then it is tried again however often it has failed
     * @param awaitsCredentials whether it is tried again until the deadline while the registry refuses all credentials
     * @param redirect where redirects are remembered
     * @param sources who is trusted with the blob that is read
     * @param newConnection use none that was used before
     * @param cancellation fails the call
     */
    record Manner(
            Deadline deadline,
            Deadline patience,
            boolean awaitsCredentials,
            Redirect redirect,
            BlobSources sources,
            boolean newConnection,
            Cancellation cancellation) {
        Manner until(Deadline earlier) {
            return new Manner(earlier, patience, awaitsCredentials, redirect, sources, newConnection, cancellation);
        }
    }

    /**
     * What a call brought.
     *
     * @param endpoint who gave it
     */
    record Answer<T>(T value, Endpoint endpoint) {}

    /** Calls with nothing remembered. */
    <T> T call(String host, ApiRequest<T> request, Deadline deadline) throws RegistryException {
        return call(host, request, plain(deadline), 0).value;
    }

    private Manner plain(Deadline deadline) {
        return new Manner(
                deadline,
                Deadline.after(Duration.ZERO, time),
                false,
                new Redirect(time),
                new BlobSources(time),
                false,
                new Cancellation());
    }

    /**
     * Calls an operation until it succeeds, fails for good, or its deadline passes: one endpoint after the other, and after a pause
     * all those again that may have recovered.
     *
     * @param failuresBefore how many tries have failed already; they count
     */
    <T> Answer<T> call(String host, ApiRequest<T> request, Manner manner, int failuresBefore) throws RegistryException {
        Task task = Task.of(request, host);
        List<Endpoint> capable = capable(host, request, task);
        List<Endpoint> asked = capable;
        for (int failures = failuresBefore + 1; ; failures++) {
            Round<T> round = round(inOrder(asked, manner.sources), request, manner);
            if (round.answer.isPresent()) {
                return round.answer.get();
            }
            // The last endpoint is the registry itself: what it says for good, mirrors that are out of order cannot
            // change.
            Optional<RegistryException> last = Optional.ofNullable(round.refusals.get(capable.get(capable.size() - 1)));
            if (last.isPresent() || round.outOfOrder.isEmpty()) {
                RegistryException refusal =
                        last.orElseGet(() -> round.refusals.values().iterator().next());
                if (!manner.awaitsCredentials || !(refusal instanceof RegistryException.Unauthorized)) {
                    throw refusal;
                }
                awaitCredentials(failures, refusal, capable.get(capable.size() - 1), manner, task);
                asked = capable;
                continue;
            }
            if (!request.isRepeatable()) {
                throw round.outOfOrder.get();
            }
            pause(failures, round.outOfOrder.get(), manner, task);
            asked = asked.stream()
                    .filter(endpoint -> !round.refusals.containsKey(endpoint))
                    .toList();
        }
    }

    /**
     * Calls an operation again after an answer broke off: elsewhere at once if there is somebody else, else after a pause.
     *
     * @param failures in a row, that one included
     */
    <T> Answer<T> callAgain(
            String host,
            ApiRequest<T> request,
            Manner manner,
            int failures,
            Endpoint failed,
            RegistryException.Unavailable failure)
            throws RegistryException {
        Task task = Task.of(request, host);
        List<Endpoint> others = capable(host, request, task).stream()
                .filter(endpoint -> endpoint != failed)
                .toList();
        boolean elsewhere = others.stream().anyMatch(health::isWell);
        if (!others.isEmpty()) {
            leave(failed, failure);
        }
        if (!elsewhere || manner.cancellation.isCancelled()) {
            pause(failures, failure, manner, task);
        }
        return call(host, request, manner, failures);
    }

    private List<Endpoint> capable(String host, ApiRequest<?> request, Task task) throws RegistryException {
        List<Endpoint> all = endpoints.of(host, task);
        List<Endpoint> capable = (request.onlyItself() ? all.subList(all.size() - 1, all.size()) : all)
                .stream().filter(endpoint -> endpoint.can(request.needs())).toList();
        if (capable.isEmpty()) {
            String reason = "no host is configured that may be asked this";
            throw request.writes() ? task.unsupported(reason) : task.notFound(reason);
        }
        return capable;
    }

    /** As configured, but first those that are well and have not delivered wrong bytes. */
    private List<Endpoint> inOrder(List<Endpoint> asked, BlobSources sources) {
        return asked.stream()
                .sorted(Comparator.comparing((Endpoint endpoint) -> !sources.isTrusted(endpoint))
                        .thenComparing(endpoint -> !health.isWell(endpoint)))
                .toList();
    }

    /**
     * What came of asking one endpoint after the other.
     *
     * @param outOfOrder the last failure that may pass
     * @param refusals those that will not
     */
    private record Round<T>(
            Optional<Answer<T>> answer,
            Optional<RegistryException.Unavailable> outOfOrder,
            Map<Endpoint, RegistryException> refusals) {}

    private <T> Round<T> round(List<Endpoint> asked, ApiRequest<T> request, Manner manner) throws RegistryException {
        Optional<RegistryException.Unavailable> outOfOrder = Optional.empty();
        Map<Endpoint, RegistryException> refusals = new LinkedHashMap<>();
        for (int i = 0; i < asked.size(); i++) {
            Endpoint endpoint = asked.get(i);
            // Nobody may use up the time of those behind.
            Duration share = manner.deadline.remaining().dividedBy(asked.size() - i);
            Manner own = asked.size() - i == 1 ? manner : manner.until(Deadline.after(share, time));
            Task task = Task.of(request, endpoint.shown());
            Optional<HttpUrl> remembered = own.redirect.current(endpoint);
            try {
                T result = attempt(endpoint, request, own, task, remembered);
                health.worked(endpoint);
                return new Round<>(Optional.of(new Answer<>(result, endpoint)), outOfOrder, refusals);
            } catch (RegistryException.Unavailable e) {
                if (manner.cancellation.isCancelled() || Thread.currentThread().isInterrupted()) {
                    throw e;
                }
                // What it redirects to may be what is out of order: let the registry choose anew.
                remembered.ifPresent(url -> own.redirect.forget(endpoint, url));
                outOfOrder = Optional.of(e);
                if (asked.size() > 1) {
                    leave(endpoint, e);
                }
            } catch (RegistryException e) {
                refusals.put(endpoint, e);
                if (asked.size() > 1 && !(e instanceof RegistryException.NotFound)) {
                    leave(endpoint, e);
                }
            }
        }
        return new Round<>(Optional.empty(), outOfOrder, refusals);
    }

    private void leave(Endpoint endpoint, RegistryException failure) {
        if (health.failed(endpoint)) {
            log.warn(
                    "{} is left for other hosts of the registry for now: {}",
                    endpoint.authority(),
                    failure.getMessage());
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
        Optional<Duration> pause = backoff.after(failures, failure.retryAfter(), !manner.patience.hasPassed());
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

    /** Waits for a while in which somebody may bring other credentials. */
    private void awaitCredentials(int failures, RegistryException refusal, Endpoint endpoint, Manner manner, Task task)
            throws RegistryException {
        Duration pause = backoff.after(failures, Optional.empty(), true).orElseThrow();
        if (pause.compareTo(manner.deadline.remaining()) >= 0) {
            throw refusal;
        }
        if (health.failed(endpoint)) {
            log.warn("Reads wait for other credentials: {}", refusal.getMessage());
        }
        try {
            if (time.pause(pause, manner.cancellation)) {
                throw refusal;
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw task.unavailable("the thread was interrupted", refusal);
        }
    }

    /** Waits before something that was called without anything remembered is begun anew. */
    void pause(
            int failures, RegistryException.Unavailable failure, ApiRequest<?> request, String host, Deadline deadline)
            throws RegistryException.Unavailable {
        pause(failures, failure, plain(deadline), Task.of(request, host));
    }

    /** One try: one request, and those that redirects and challenges make necessary. */
    private <T> T attempt(
            Endpoint endpoint, ApiRequest<T> request, Manner manner, Task task, Optional<HttpUrl> remembered)
            throws RegistryException {
        HttpUrl api = request.url(endpoint);
        HttpUrl url = remembered.orElse(api);
        boolean renewable = remembered.isPresent();
        int redirects = 0;
        int challenges = 0;
        Optional<Authorization> answered = Optional.empty();
        Optional<RegistryException> withTls = Optional.empty();
        while (true) {
            Optional<Authorization> authorization =
                    endpoint.owns(url) ? authenticator.remembered(endpoint, request.scope()) : Optional.empty();
            Step<T> step = step(endpoint, request, url, authorization, withTls, manner, task);
            withTls = Optional.empty();
            if (step instanceof Step.Done<T> done) {
                if (redirects > 0) {
                    manner.redirect.remember(endpoint, url);
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
                boolean fresh = authorization.isPresent() && authorization.equals(answered);
                if (fresh && authorization.get().by().isEmpty()) {
                    throw authenticator.withoutCredentials(endpoint, challenged.failure);
                }
                try {
                    answered = Optional.of(authenticator.answer(
                            endpoint,
                            request.scope(),
                            challenged.challenges,
                            authorization,
                            fresh,
                            task,
                            manner.deadline));
                } catch (RegistryException.Unauthorized e) {
                    // What the registry itself said tells more than that there is nothing else.
                    throw fresh ? challenged.failure : e;
                }
            } else if (step instanceof Step.Refused<T> refused) {
                if (renewable) {
                    // The remembered redirect may have expired: once more over the registry.
                    remembered.ifPresent(old -> manner.redirect.forget(endpoint, old));
                    renewable = false;
                } else if (!refused.forbidden
                        || authorization.isEmpty()
                        || ++challenges > MAX_CHALLENGES
                        || !authenticator.isDeniedForNow(endpoint, request.scope(), authorization.get(), task)) {
                    boolean anonymous = authorization.flatMap(Authorization::by).isEmpty();
                    throw refused.forbidden && anonymous
                            ? authenticator.withoutCredentials(endpoint, refused.failure)
                            : refused.failure;
                }
                url = api;
                redirects = 0;
            } else if (step instanceof Step.WithoutTls<T> withoutTls) {
                withTls = Optional.of(withoutTls.failure);
                url = withoutTls.url;
            }
        }
    }

    /** What one request led to. */
    private sealed interface Step<T> {
        record Done<T>(T result) implements Step<T> {}

        record Redirected<T>(HttpUrl target) implements Step<T> {}

        record Challenged<T>(List<Challenge> challenges, RegistryException failure) implements Step<T> {}

        /** @param forbidden whether by the registry itself, and to those whose credentials were shown */
        record Refused<T>(RegistryException failure, boolean forbidden) implements Step<T> {}

        /** The host seems not to know TLS, and may be asked without. */
        record WithoutTls<T>(HttpUrl url, RegistryException failure) implements Step<T> {}
    }

    /** @param withTls how the same failed with TLS, if this is the try without */
    private <T> Step<T> step(
            Endpoint endpoint,
            ApiRequest<T> request,
            HttpUrl url,
            Optional<Authorization> authorization,
            Optional<RegistryException> withTls,
            Manner manner,
            Task task)
            throws RegistryException {
        Duration remaining = manner.deadline.remaining();
        Duration within =
                request.isLong() ? remaining : Durations.min(options.timeouts().request(), remaining);
        if (within.isZero()) {
            throw task.unavailable("its deadline has passed");
        }
        boolean own = endpoint.owns(url);
        Request.Builder http = new Request.Builder()
                .url(url)
                .method(request.method(), request.body().orElse(null));
        if (own) {
            endpoint.headers().forEach((name, values) -> values.forEach(value -> http.addHeader(name, value)));
        }
        request.headers().forEach(http::header);
        authorization.ifPresent(a -> http.header("Authorization", a.value()));
        String where = own ? "" : url.host() + ": ";
        Transport transport = endpoint.transport(task);
        Exchange exchange;
        try {
            exchange = transport.open(http, manner.newConnection, within, manner.cancellation);
        } catch (InterruptedIOException e) {
            throw interrupted(e, where, task);
        } catch (UnreadableContentException e) {
            throw task.protocol(String.valueOf(e.getMessage()), e);
        } catch (IOException e) {
            if (withTls.isPresent()) {
                throw withTls.get();
            }
            RegistryException failure = Failures.of(e, where, task);
            Optional<HttpUrl> fallback = endpoint.fallback(url, e);
            if (own) {
                endpoint.forgetPlainHttp();
            }
            if (fallback.isPresent()) {
                return new Step.WithoutTls<>(fallback.get(), failure);
            }
            throw failure;
        }
        if (withTls.isPresent()) {
            // A server that speaks TLS says so with this status; it was out of order before.
            if (exchange.status() == 400) {
                exchange.close();
                throw withTls.get();
            }
            endpoint.speaksPlainHttp();
        }
        return answered(endpoint, request, url, exchange, where, task);
    }

    private <T> Step<T> answered(
            Endpoint endpoint, ApiRequest<T> request, HttpUrl url, Exchange exchange, String where, Task task)
            throws RegistryException {
        try {
            if (request.accepts(exchange.status())) {
                return new Step.Done<>(handle(request, exchange, task));
            }
            try (exchange) {
                return otherwise(endpoint, request, url, exchange, where, task);
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

    private <T> Step<T> otherwise(
            Endpoint endpoint, ApiRequest<T> request, HttpUrl url, Exchange exchange, String where, Task task)
            throws RegistryException {
        int status = exchange.status();
        if (Statuses.isRedirect(status)) {
            if (request.writes() && !Statuses.isRedirectOfWrites(status)) {
                throw task.protocol("the registry redirected with " + status + ", which is not meant for what writes");
            }
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
        return new Step.Refused<>(failure, status == 403 && endpoint.owns(url));
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
