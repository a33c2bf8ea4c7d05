package dev.sluice.credentials;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sluice.process.Program;
import dev.sluice.registry.Credentials;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One credential provider, and what it has answered. For one image it is asked once at a time. An answer is renewed before it expires, as
 * long as somebody has wanted it in the last day; if that fails it stays in use for an hour, for the registry will say whether it is still
 * good. Safe for use by many threads.
 */
final class CredentialProvider implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(CredentialProvider.class);

    private static final Duration TIMEOUT = Duration.ofMinutes(1);
    private static final int MAX_ANSWER = 1 << 20;
    /** How often answers are looked at that are to be renewed. */
    private static final Duration RENEWAL = Duration.ofSeconds(15);

    private static final Duration WANTED = Duration.ofDays(1);
    private static final Duration STALE = Duration.ofHours(1);
    /** When the registry refuses an answer: it is not asked for another one again and again. */
    private static final Duration ASK_AGAIN = Duration.ofSeconds(5);

    private static final int MAX_KEPT = 4096;

    private final ProviderConfig.Provider config;
    private final Path program;
    private final Clock clock;
    private final ScheduledThreadPoolExecutor renewal;

    private volatile Optional<String> failure = Optional.empty();

    // Under the lock of this.
    private final Map<String, Kept> kept = new HashMap<>();
    private final Map<String, CompletableFuture<Keyring>> asking = new HashMap<>();
    private final Map<String, Instant> asked = new HashMap<>();

    /**
     * @param image for which it was asked
     * @param wanted when somebody needed it last
     */
    private record Kept(Keyring keyring, String image, Instant from, Instant until, Instant wanted) {
        boolean isFresh(Instant now) {
            return now.isBefore(until);
        }

        boolean isDue(Instant now) {
            Duration life = Duration.between(from, until);
            return !now.isBefore(until.minus(life.dividedBy(4)));
        }

        boolean isGone(Instant now) {
            return !now.isBefore(until.plus(STALE));
        }

        Kept wantedAt(Instant now) {
            return new Kept(keyring, image, from, until, now);
        }
    }

    CredentialProvider(ProviderConfig.Provider config, Path program, Clock clock) {
        this.config = config;
        this.program = program;
        this.clock = clock;
        this.renewal = new ScheduledThreadPoolExecutor(1, task -> {
            Thread thread = new Thread(task, "renew-" + config.name());
            thread.setDaemon(true);
            return thread;
        });
        var unused =
                renewal.scheduleWithFixedDelay(this::renew, RENEWAL.toSeconds(), RENEWAL.toSeconds(), TimeUnit.SECONDS);
    }

    /** Why it cannot be asked, or what became of the last question if that failed. */
    Optional<String> failure() {
        return Files.isExecutable(program) && !Files.isDirectory(program)
                ? failure
                : Optional.of("there is no program " + program);
    }

    ProviderConfig.Provider config() {
        return config;
    }

    /**
     * The best credentials for an image that are not among the refused ones. If those that are kept are refused, the program is asked
     * again, for they may have been replaced before their time.
     *
     * @throws IOException if the program fails, and nothing is known
     */
    Optional<Credentials> credentials(String image, Set<Credentials> refused) throws IOException {
        if (!config.isFor(image)) {
            return Optional.empty();
        }
        Optional<Kept> known = known(image);
        if (known.isPresent() && known.get().isFresh(clock.instant())) {
            Optional<Credentials> found = first(known.get().keyring, image, refused);
            if (found.isPresent()
                    || known.get().keyring.of(image).noneMatch(refused::contains)
                    || isAskedLately(image)) {
                return found;
            }
        }
        try {
            return first(ask(image), image, refused);
        } catch (IOException e) {
            Optional<Credentials> stale = known.flatMap(old -> first(old.keyring, image, refused));
            if (stale.isEmpty()) {
                throw e;
            }
            log.warn("What it answered before stays in use: {}", e.getMessage());
            return stale;
        }
    }

    private static Optional<Credentials> first(Keyring keyring, String image, Set<Credentials> refused) {
        return keyring.of(image)
                .filter(credentials -> !refused.contains(credentials))
                .findFirst();
    }

    private synchronized Optional<Kept> known(String image) {
        Instant now = clock.instant();
        return Stream.of(ProviderResponse.Scope.values())
                .map(scope -> scope.key(image))
                .filter(key -> kept.containsKey(key) && !kept.get(key).isGone(now))
                .findFirst()
                .map(key -> kept.merge(key, kept.get(key), (old, same) -> old.wantedAt(now)));
    }

    private synchronized boolean isAskedLately(String image) {
        Instant last = asked.get(image);
        return last != null && clock.instant().isBefore(last.plus(ASK_AGAIN));
    }

    /** Asks the program, or waits for the answer that somebody else is waiting for. */
    private Keyring ask(String image) throws IOException {
        CompletableFuture<Keyring> mine = new CompletableFuture<>();
        CompletableFuture<Keyring> running;
        synchronized (this) {
            running = asking.putIfAbsent(image, mine) == null ? mine : asking.get(image);
        }
        if (running == mine) {
            return askNow(image, mine);
        }
        try {
            return running.get(TIMEOUT.toNanos(), TimeUnit.NANOSECONDS);
        } catch (ExecutionException e) {
            throw e.getCause() instanceof IOException failure ? failure : failed("it could not be asked");
        } catch (TimeoutException e) {
            throw failed("it did not answer in time");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw failed("the thread that waited for it was interrupted");
        }
    }

    private Keyring askNow(String image, CompletableFuture<Keyring> mine) throws IOException {
        try {
            Instant from = clock.instant();
            ProviderResponse response = run(image);
            keep(image, from, response);
            failure = Optional.empty();
            mine.complete(response.keyring());
            return response.keyring();
        } catch (IOException e) {
            failure = Optional.of(String.valueOf(e.getMessage()));
            mine.completeExceptionally(e);
            throw e;
        } finally {
            mine.completeExceptionally(new IllegalStateException("the thread that asked failed"));
            synchronized (this) {
                asking.remove(image, mine);
                asked.put(image, clock.instant());
            }
        }
    }

    private ProviderResponse run(String image) throws IOException {
        ObjectNode request = JsonNodeFactory.instance.objectNode();
        request.put("apiVersion", config.protocol())
                .put("kind", "CredentialProviderRequest")
                .put("image", image);
        try {
            Program.Outcome outcome = new Program(program, config.arguments(), config.environment())
                    .run(request.toString().getBytes(StandardCharsets.UTF_8), MAX_ANSWER, TIMEOUT);
            if (outcome.status() != 0) {
                throw new IOException("it ended with status " + outcome.status());
            }
            return ProviderResponse.parse(outcome.output(), config.protocol());
        } catch (IOException e) {
            throw failed(String.valueOf(e.getMessage()));
        }
    }

    private synchronized void keep(String image, Instant from, ProviderResponse response) {
        Duration life = response.cache().orElse(config.cache());
        if (life.isZero()) {
            return;
        }
        if (kept.size() >= MAX_KEPT || asked.size() >= MAX_KEPT) {
            kept.values().removeIf(old -> old.isGone(from));
            asked.clear();
        }
        if (kept.size() < MAX_KEPT) {
            kept.put(response.scope().key(image), new Kept(response.keyring(), image, from, from.plus(life), from));
        }
    }

    private void renew() {
        Instant now = clock.instant();
        List<Kept> due;
        synchronized (this) {
            due = kept.values().stream()
                    .filter(answer -> answer.isDue(now) && now.isBefore(answer.wanted.plus(WANTED)))
                    .toList();
        }
        for (Kept answer : due) {
            try {
                var unused = ask(answer.image);
                restoreWanted(answer);
            } catch (IOException e) {
                log.warn("What it answered before stays in use: {}", e.getMessage());
            }
        }
    }

    /** To renew something is not to want it. */
    private synchronized void restoreWanted(Kept before) {
        kept.replaceAll((key, answer) -> answer.image.equals(before.image) && answer.wanted.equals(answer.from)
                ? answer.wantedAt(before.wanted)
                : answer);
    }

    private IOException failed(String reason) {
        return new IOException(
                "Tried to ask the credential provider " + config.name() + " but failed because: " + reason);
    }

    @Override
    public void close() {
        renewal.shutdownNow();
    }
}
