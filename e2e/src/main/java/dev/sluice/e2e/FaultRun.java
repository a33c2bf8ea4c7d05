package dev.sluice.e2e;

import dev.sluice.e2e.FaultBed.Outcome;
import dev.sluice.e2e.host.Poll;
import dev.sluice.e2e.host.TestBed;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/**
 * The long version of the fault matrix, with waiting times half as long as the daemon's defaults or less: prints a table of faults, what reads came to
 * while they lasted and afterwards, and the longest read. Fails if one hung, was wrong, or did not recover.
 */
public final class FaultRun {
    private static final FaultBed.Waiting WAITING =
            new FaultBed.Waiting(Duration.ofSeconds(5), Duration.ofSeconds(30), Duration.ofSeconds(5));
    private static final int AT_ONCE = 8;
    private static final int FILES = 300;
    private static final Duration LONG_OUTAGE = Duration.ofSeconds(60);
    private static final Duration SHORT_OUTAGE = Duration.ofSeconds(2);
    /** A failure that took long is believed for two seconds. */
    private static final Duration BELIEVED = Duration.ofSeconds(3);

    private final FaultBed bed;
    private boolean good = true;

    private FaultRun(FaultBed bed) {
        this.bed = bed;
    }

    /** @param arguments the directory of the distribution */
    public static void main(String[] arguments) throws IOException, InterruptedException {
        boolean good;
        try (TestBed bed = TestBed.create(Path.of("/var/tmp"))) {
            FaultBed.Image image = FaultBed.Image.publish(bed, FILES);
            FaultRun run = new FaultRun(FaultBed.start(bed.nested(), Path.of(arguments[0]), image, WAITING));
            good = run.all();
        }
        System.exit(good ? 0 : 1);
    }

    private boolean all() throws IOException, InterruptedException {
        System.out.println("| fault | expected | while it lasts | afterwards | longest read |\n|---|---|---|---|---|");
        for (FaultScenario scenario : FaultScenario.all()) {
            report(
                    scenario.name(),
                    scenario.expected(),
                    () -> bed.registry().misbehave(scenario.fault(), scenario.times()),
                    Duration.ZERO);
        }
        report("down for 2 s", FaultScenario.Expected.RIGHT_BYTES, bed.registry()::goDown, SHORT_OUTAGE);
        report("down for 60 s", FaultScenario.Expected.EIO, bed.registry()::goDown, LONG_OUTAGE);
        report("credentials revoked", FaultScenario.Expected.EIO, bed.registry()::revokeCredentials, Duration.ZERO);
        return good;
    }

    /** @param outage from the first request that meets the fault until it is lifted; zero for when all reads are over */
    private void report(String name, FaultScenario.Expected expected, Runnable fault, Duration outage)
            throws IOException, InterruptedException {
        List<Integer> files = bed.takeFiles(AT_ONCE);
        fault.run();
        long start = System.nanoTime();
        CompletableFuture<List<Outcome>> reads = bed.read(files);
        if (!outage.isZero()) {
            Poll.until(Duration.ofMinutes(1), () -> bed.registry().met() > 0);
            Thread.sleep(outage.toMillis());
            bed.registry().behave();
        }
        List<Outcome> during = reads.join();
        double seconds = (System.nanoTime() - start) / 1e9;
        bed.registry().behave();
        Thread.sleep(BELIEVED.toMillis());
        List<Outcome> after = bed.read(files).join();
        boolean asExpected = during.stream().allMatch(outcome -> isExpected(outcome, expected))
                && Collections.frequency(after, Outcome.RIGHT_BYTES) == AT_ONCE;
        good &= asExpected;
        System.out.printf(
                "| %s | %s | %s | %s | %.1f s |%s%n",
                name, text(expected), text(during), text(after), seconds, asExpected ? "" : " FAILED");
    }

    private static boolean isExpected(Outcome outcome, FaultScenario.Expected expected) {
        return switch (expected) {
            case RIGHT_BYTES -> outcome == Outcome.RIGHT_BYTES;
            case EIO -> outcome == Outcome.EIO;
            case EITHER -> outcome == Outcome.RIGHT_BYTES || outcome == Outcome.EIO;
        };
    }

    private static String text(FaultScenario.Expected expected) {
        return switch (expected) {
            case RIGHT_BYTES -> "right bytes";
            case EIO -> "EIO";
            case EITHER -> "right bytes or EIO";
        };
    }

    private static String text(List<Outcome> outcomes) {
        Map<Outcome, Integer> counts = new EnumMap<>(Outcome.class);
        outcomes.forEach(outcome -> counts.merge(outcome, 1, Integer::sum));
        List<String> parts = new ArrayList<>();
        counts.forEach(
                (outcome, count) -> parts.add(count + " " + outcome.name().replace('_', ' ')));
        return String.join(", ", parts);
    }
}
