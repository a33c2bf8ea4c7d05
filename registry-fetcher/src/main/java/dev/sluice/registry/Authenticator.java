package dev.sluice.registry;

import java.io.IOException;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Answers the challenges of registries, and remembers the answers per host and scope until they expire or are rejected. At most
 * one answer per host and scope is being fetched at any time; the others wait for it. Credentials that are refused give way to others of
 * the same source. Safe for use by many threads.
 */
final class Authenticator {
    /** From so many on, expired answers are thrown away. */
    private static final int CROWDED = 256;

    private final CredentialSource credentials;
    private final TokenClient tokens;
    private final TimeSource time;
    private final Refusals<Key> refusals;
    private final ConcurrentHashMap<Key, CompletableFuture<Authorization>> answers = new ConcurrentHashMap<>();

    private record Key(Endpoint endpoint, String scope) {}

    Authenticator(CredentialSource credentials, TokenClient tokens, TimeSource time) {
        this.credentials = credentials;
        this.tokens = tokens;
        this.time = time;
        this.refusals = new Refusals<>(time);
    }

    /** What worked before and has not expired. */
    Optional<Authorization> remembered(Endpoint endpoint, String scope) {
        CompletableFuture<Authorization> answer = answers.get(new Key(endpoint, scope));
        return answer == null || !answer.isDone() || answer.isCompletedExceptionally()
                ? Optional.empty()
                : Optional.of(answer.join()).filter(this::isFresh);
    }

    /**
     * Answers a challenge.
     *
     * @param rejected what the registry has just refused; never given again
     * @param fresh whether that was answered to a challenge of the same request: then its credentials are refused, and not only too old
     *     a token
     * @throws RegistryException.Unauthorized if there is no answer, or no other
     */
    Authorization answer(
            Endpoint endpoint,
            String scope,
            List<Challenge> challenges,
            Optional<Authorization> rejected,
            boolean fresh,
            Task task,
            Deadline deadline)
            throws RegistryException {
        Key key = new Key(endpoint, scope);
        rejected.filter(answer -> fresh || !answer.issued())
                .flatMap(Authorization::by)
                .ifPresent(refused -> refused(key, refused));
        while (true) {
            CompletableFuture<Authorization> current = answers.get(key);
            if (current != null && (!current.isDone() || isUsable(current, rejected))) {
                return await(current, task, deadline);
            }
            CompletableFuture<Authorization> mine = new CompletableFuture<>();
            boolean first =
                    current == null ? answers.putIfAbsent(key, mine) == null : answers.replace(key, current, mine);
            if (first) {
                return fetch(key, mine, challenges, task, deadline);
            }
        }
    }

    /**
     * The registry has understood what it was shown, and forbids the request.
     *
     * @return whether there are other credentials; then the next challenge is answered with them
     */
    boolean isDeniedForNow(Endpoint endpoint, String scope, Authorization denied, Task task) {
        Key key = new Key(endpoint, scope);
        if (denied.by().isEmpty()) {
            return false;
        }
        refused(key, denied.by().get());
        try {
            if (knownCredentials(key, refusals.of(key), task).isEmpty()) {
                refusals.exhausted(key);
                return false;
            }
        } catch (RegistryException e) {
            // That it is forbidden says more than why others cannot be had.
            return false;
        }
        answers.computeIfPresent(
                key,
                (k, answer) -> answer.isDone()
                                && !answer.isCompletedExceptionally()
                                && answer.join().value().equals(denied.value())
                        ? null
                        : answer);
        return true;
    }

    /** Whoever reads that a registry refuses must see that it was asked without credentials, and why. */
    RegistryException withoutCredentials(Endpoint endpoint, RegistryException refusal) {
        return refusal instanceof RegistryException.Unauthorized
                ? new RegistryException.Unauthorized(
                        refusal.getMessage() + "; no credentials are known for " + endpoint.credentialHost()
                                + ", looked at " + credentials.lookedAt(),
                        Optional.of(refusal))
                : refusal;
    }

    private boolean isUsable(CompletableFuture<Authorization> done, Optional<Authorization> rejected) {
        if (done.isCompletedExceptionally()) {
            return false;
        }
        Authorization answer = done.join();
        return isFresh(answer)
                && rejected.filter(r -> r.value().equals(answer.value())).isEmpty();
    }

    private boolean isFresh(Authorization answer) {
        return time.now().isBefore(answer.until());
    }

    private Authorization fetch(
            Key key, CompletableFuture<Authorization> mine, List<Challenge> challenges, Task task, Deadline deadline)
            throws RegistryException {
        try {
            Authorization answer = newAnswer(key, challenges, task, deadline);
            mine.complete(answer);
            forgetExpired();
            return answer;
        } catch (RegistryException e) {
            mine.completeExceptionally(e);
            throw e;
        } finally {
            if (!mine.isDone()) {
                mine.completeExceptionally(new IllegalStateException("the thread that fetched the token failed"));
            }
            if (mine.isCompletedExceptionally()) {
                answers.remove(key, mine);
            }
        }
    }

    private void forgetExpired() {
        if (answers.size() > CROWDED) {
            Instant now = time.now();
            answers.values()
                    .removeIf(a -> a.isDone()
                            && !a.isCompletedExceptionally()
                            && !now.isBefore(a.join().until()));
        }
    }

    private static Authorization await(CompletableFuture<Authorization> other, Task task, Deadline deadline)
            throws RegistryException {
        try {
            return other.get(deadline.remaining().toNanos(), TimeUnit.NANOSECONDS);
        } catch (ExecutionException e) {
            Throwable cause = e.getCause() == null ? e : e.getCause();
            if (cause instanceof RegistryException.Unauthorized) {
                throw task.unauthorized("another request for the same token was refused", cause);
            }
            if (cause instanceof RegistryException.Protocol) {
                throw task.protocol("another request for the same token failed", cause);
            }
            throw task.unavailable("another request for the same token failed", cause);
        } catch (TimeoutException e) {
            throw task.unavailable("another request for the same token did not end in time", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw task.unavailable("the thread was interrupted while it waited for a token", e);
        }
    }

    /** Tries what the source knows, one after the other, as far as can be told without the registry. */
    private Authorization newAnswer(Key key, List<Challenge> challenges, Task task, Deadline deadline)
            throws RegistryException {
        Optional<RegistryException.Unauthorized> first = Optional.empty();
        while (true) {
            Set<Credentials> refused = refusals.of(key);
            Optional<Credentials> known = knownCredentials(key, refused, task);
            if (known.isEmpty() && !refused.isEmpty()) {
                refusals.exhausted(key);
                throw first.orElseGet(() -> task.unauthorized(
                        "it refuses all credentials that are known for it; looked at " + credentials.lookedAt()));
            }
            try {
                return answer(key, challenges, known, task, deadline).by(known);
            } catch (RegistryException.Unauthorized e) {
                if (known.isEmpty()) {
                    throw withoutCredentials(key.endpoint, e);
                }
                refused(key, known.get());
                first = first.or(() -> Optional.of(e));
            }
        }
    }

    private Authorization answer(
            Key key, List<Challenge> challenges, Optional<Credentials> known, Task task, Deadline deadline)
            throws RegistryException {
        if (known.isPresent() && known.get() instanceof Credentials.RegistryToken registryToken) {
            if (!Authorization.isToken(registryToken.token())) {
                throw task.unauthorized("the configured token cannot stand in a header");
            }
            return Authorization.bearer(registryToken);
        }
        Optional<Challenge> bearer = first(challenges, "bearer");
        if (bearer.isPresent()) {
            return tokens.token(key.endpoint, key.scope, bearer.get(), known, task, deadline);
        }
        if (first(challenges, "basic").isEmpty()) {
            throw task.unauthorized("the registry wants authentication, but by no means that is known here");
        }
        if (known.isPresent() && known.get() instanceof Credentials.Basic basic) {
            return Authorization.basic(basic.username(), basic.password());
        }
        throw task.unauthorized("the registry wants a user name and a password");
    }

    private void refused(Key key, Credentials shown) {
        if (refusals.refused(key, shown)) {
            credentials.refused(key.endpoint.credentialHost(), shown);
        }
    }

    private Optional<Credentials> knownCredentials(Key key, Set<Credentials> refused, Task task)
            throws RegistryException {
        try {
            return credentials.credentials(
                    key.endpoint.credentialHost(), RepositoryScope.repository(key.scope), refused);
        } catch (IOException e) {
            throw task.unauthorized("the credentials could not be read: " + e.getMessage(), e);
        }
    }

    private static Optional<Challenge> first(List<Challenge> challenges, String scheme) {
        return challenges.stream().filter(c -> c.scheme().equals(scheme)).findFirst();
    }
}
