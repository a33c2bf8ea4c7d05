package dev.sluice.e2e.registry;

import java.io.IOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;

/** How a registry misbehaves when it is asked for a blob. Safe for use by many threads. */
@FunctionalInterface
public interface Fault {
    /**
     * Answers otherwise than it should.
     *
     * @param good what it should answer
     * @param redirect where to the registry sends clients whose redirects expire; good for one request
     */
    void answer(Answer good, Answer redirect, Wire wire) throws IOException;

    /** Only each n-th request is answered otherwise. */
    static Fault everyNth(int n, Fault fault) {
        AtomicLong requests = new AtomicLong();
        return (good, redirect, wire) -> {
            if (requests.incrementAndGet() % n == 0) {
                fault.answer(good, redirect, wire);
            } else {
                wire.send(good);
            }
        };
    }

    /** Answers come late. */
    static Fault latency(Duration latency) {
        return (good, redirect, wire) -> {
            wire.pause(latency);
            wire.send(good);
        };
    }

    /** Bodies come slowly, a packet of a 50th of a second's bytes at a time. */
    static Fault bandwidth(int bytesPerSecond) {
        return (good, redirect, wire) -> {
            wire.sendHead(good);
            drip(good.body(), Math.max(1, bytesPerSecond / 50), Duration.ofMillis(20), wire);
        };
    }

    /** Bodies come one byte at a time, which nobody should wait for. */
    static Fault slowDrip(Duration perByte) {
        return (good, redirect, wire) -> {
            wire.sendHead(good);
            drip(good.body(), 1, perByte, wire);
        };
    }

    private static void drip(byte[] body, int packet, Duration pause, Wire wire) throws IOException {
        for (int at = 0; at < body.length && wire.isOpen(); at += packet) {
            wire.write(body, at, Math.min(packet, body.length - at));
            wire.pause(pause);
        }
    }

    /** The connection is reset before anything is said. */
    static Fault resetBeforeTheAnswer() {
        return (good, redirect, wire) -> wire.reset();
    }

    /** The connection is reset after half of the body. */
    static Fault resetWithinTheBody() {
        return (good, redirect, wire) -> {
            wire.sendHead(good);
            wire.write(good.body(), 0, good.body().length / 2);
            wire.reset();
        };
    }

    /** The connection is closed after half of the body, which was announced whole. */
    static Fault halfBody() {
        return (good, redirect, wire) -> {
            wire.sendHead(good);
            wire.write(good.body(), 0, good.body().length / 2);
            wire.close();
        };
    }

    /** The whole connection is silent. */
    static Fault silence() {
        return (good, redirect, wire) -> {
            wire.pause(Duration.ofHours(1));
            wire.close();
        };
    }

    /** The bytes of another range, and the header says so. */
    static Fault otherRange() {
        return (good, redirect, wire) ->
                wire.send(good.with("content-range", shifted(good)).withBody(rotated(good.body())));
    }

    /** The right bytes, but the header tells of others. */
    static Fault wrongContentRange() {
        return (good, redirect, wire) -> wire.send(good.with("content-range", shifted(good)));
    }

    /** A partial answer that does not tell of which part. */
    static Fault noContentRange() {
        return (good, redirect, wire) -> wire.send(good.without("content-range"));
    }

    private static String shifted(Answer good) {
        long length = good.body().length;
        return "bytes " + length + "-" + (2 * length - 1) + "/" + 4 * length;
    }

    /** The range is ignored, and what is sent is as long as it was asked for: bytes of another place. */
    static Fault wholeForARange() {
        return (good, redirect, wire) -> wire.send(good.without("content-range").withStatus(200));
    }

    /** Bytes of the right number and in the right place, but others. */
    static Fault wrongBytes() {
        return (good, redirect, wire) -> wire.send(good.withBody(rotated(good.body())));
    }

    /** Every bit is the other one, so that no byte is right. */
    private static byte[] rotated(byte[] body) {
        byte[] changed = Arrays.copyOf(body, body.length);
        for (int i = 0; i < changed.length; i++) {
            changed[i] = (byte) ~changed[i];
        }
        return changed;
    }

    /** No credentials are good enough. */
    static Fault unauthorized() {
        return (good, redirect, wire) -> wire.send(Answer.of(401, "text/plain", new byte[0])
                .with("www-authenticate", "Bearer realm=\"http://127.0.0.1:1/nobody\""));
    }

    /** Too many requests. */
    static Fault tooMany(Optional<Duration> retryAfter) {
        return (good, redirect, wire) -> {
            Answer answer = Answer.of(429, "text/plain", new byte[0]);
            wire.send(retryAfter
                    .map(wait -> answer.with("retry-after", String.valueOf(wait.toSeconds())))
                    .orElse(answer));
        };
    }

    /**
     * So many parts of blobs are given, then too many were asked for until a second has passed; whole blobs are always given. However
     * slow clients are, they are refused sometimes.
     */
    static Fault atMost(int partsPerSecond) {
        Quota quota = new Quota(partsPerSecond, Duration.ofSeconds(1));
        Fault refusal = tooMany(Optional.of(Duration.ofSeconds(1)));
        return (good, redirect, wire) -> {
            if (good.status() != 206 || quota.take(System.nanoTime())) {
                wire.send(good);
            } else {
                refusal.answer(good, redirect, wire);
            }
        };
    }

    /** Out of order, and says so. */
    static Fault status(int status) {
        return (good, redirect, wire) -> wire.send(Answer.of(status, "text/plain", new byte[0]));
    }

    /** Clients are sent to a place that knows them once. */
    static Fault expiringRedirect() {
        return (good, redirect, wire) -> wire.send(redirect);
    }
}
