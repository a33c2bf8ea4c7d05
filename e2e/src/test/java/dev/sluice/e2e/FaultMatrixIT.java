package dev.sluice.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.e2e.FaultBed.Outcome;
import dev.sluice.e2e.host.Poll;
import dev.sluice.e2e.host.TestBed;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Whatever the registry does, a read gives the right bytes or EIO, it comes to an end, and the right bytes can be read afterwards. The
 * long version is {@code e2e/faults}.
 */
@TestInstance(Lifecycle.PER_CLASS)
class FaultMatrixIT {
    private static final int AT_ONCE = 2;
    private static final Duration GENEROUS = Duration.ofMinutes(2);
    private static final FaultBed.Waiting HASTY =
            new FaultBed.Waiting(Duration.ofMillis(100), Duration.ofSeconds(3), Duration.ofMillis(500));
    private static final FaultBed.Waiting PATIENT =
            new FaultBed.Waiting(Duration.ofSeconds(30), Duration.ofSeconds(60), Duration.ofSeconds(20));

    private final TestBed bed;
    private final FaultBed hasty;
    private final FaultBed patient;

    FaultMatrixIT() throws IOException {
        Machine.assumeRoot();
        Machine.assumePrograms("containerd", "docker-registry", "skopeo", "ctr-remote");
        bed = Machine.newTestBed();
        FaultBed.Image image = FaultBed.Image.publish(bed, 60);
        hasty = FaultBed.start(bed.nested(), Machine.distribution(), image, HASTY);
        patient = FaultBed.start(bed.nested(), Machine.distribution(), image, PATIENT);
    }

    @AfterAll
    void stop() throws IOException {
        bed.close();
    }

    static List<FaultScenario> faults() {
        return FaultScenario.all();
    }

    @ParameterizedTest
    @MethodSource("faults")
    void aReadGivesRightBytesOrFailsAndRightBytesAfterwards(FaultScenario scenario) throws IOException {
        // What passes must not come at the end of patience, so it meets the daemon that has enough of it.
        FaultBed faults = scenario.expected() == FaultScenario.Expected.RIGHT_BYTES ? patient : hasty;
        List<Integer> files = faults.takeFiles(AT_ONCE);
        faults.registry().misbehave(scenario.fault(), scenario.times());

        List<Outcome> during = faults.read(files).join();

        assertThat(faults.registry().met()).as("requests that met the fault").isPositive();
        assertThat(during).allMatch(outcome -> switch (scenario.expected()) {
            case RIGHT_BYTES -> outcome == Outcome.RIGHT_BYTES;
            case EIO -> outcome == Outcome.EIO;
            case EITHER -> outcome == Outcome.EIO || outcome == Outcome.RIGHT_BYTES;
        });
        assertReadsRightAfterwards(faults, files);
    }

    @Test
    void readsOutlastARegistryThatIsDownForTwoSeconds() throws Exception {
        List<Integer> files = patient.takeFiles(AT_ONCE);
        patient.registry().goDown();
        CompletableFuture<List<Outcome>> reads = patient.read(files);
        assertThat(Poll.until(GENEROUS, () -> patient.registry().met() > 0)).isTrue();
        // The length of the outage, not a wait for anything.
        Thread.sleep(2000);
        assertThat(reads).isNotDone();
        patient.registry().behave();

        assertThat(reads.join()).containsOnly(Outcome.RIGHT_BYTES);
    }

    @Test
    void readsFailWhileTheRegistryIsDownForLongerThanAnybodyWaits() throws IOException {
        List<Integer> files = hasty.takeFiles(AT_ONCE);
        hasty.registry().goDown();

        assertThat(hasty.read(files).join()).containsOnly(Outcome.EIO);
        assertReadsRightAfterwards(hasty, files);
    }

    @Test
    void readsFailAfterTheCredentialsWereRevokedUntilThereAreNewOnes() throws Exception {
        List<Integer> files = hasty.takeFiles(AT_ONCE);
        hasty.registry().revokeCredentials();

        assertThat(hasty.read(files).join()).containsOnly(Outcome.EIO);
        assertThat(hasty.log()).contains(hasty.registry().address()).doesNotContain("s3cret", "token-");
        assertReadsRightAfterwards(hasty, files);
    }

    private static void assertReadsRightAfterwards(FaultBed faults, List<Integer> files) throws IOException {
        faults.registry().behave();
        // A hasty daemon may give up on a machine that is busy with something else.
        assertThat(faults.readUntilRight(files, GENEROUS))
                .as("right bytes after the fault")
                .isTrue();
    }
}
