package dev.sluice.ondemand.fanotify;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.linux.FanotifyGroup;
import dev.sluice.linux.LinuxFile;
import dev.sluice.linux.OpenFlags;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What becomes of readers when one process ends and the next one comes, while a keeper holds the group. */
class NextBackendTest {
    @TempDir
    Path directory;

    private Node node;
    private Path mount = Path.of("");
    private String expected = "";

    @BeforeEach
    void mountLayer() throws Exception {
        Node.assumeUsable(directory);
        node = new Node(directory);
        expected = node.expectedSum("large");
        node.start();
        mount = node.mount();
    }

    @AfterEach
    void unmountAll() throws Exception {
        if (node != null) {
            node.close();
        }
    }

    @Test
    void whoeverReadsWhileThereIsNoneWaitsForTheNext() throws Exception {
        node.stop();
        Process reader = node.sum(mount.resolve("large"));
        try (LinuxFile group = node.keeper.take(KeptGroup.GROUP).orElseThrow()) {
            assertThat(node.linux.poller(List.of(group)).await(60_000)).isTrue();
        }

        node.start();

        assertThat(Node.output(reader)).startsWith(expected);
    }

    @Test
    void whatOneHasReadAndNotAnsweredTheNextOneFills() throws Exception {
        Process reader = waitingReader("large");
        node.stop();
        assertThat(node.unanswered()).hasSize(1);

        node.start();

        assertThat(Node.output(reader)).startsWith(expected);
        await().until(() -> node.backend().unanswered() == 0);
    }

    @Test
    void whatIsLeftTwiceIsFilledByTheThird() throws Exception {
        Process reader = waitingReader("large");
        node.stop();
        node.prepare(Runnable::run).hold();
        node.resume();
        await().until(() -> node.layer().waiting() == 1);
        node.stop();

        node.start();

        assertThat(Node.output(reader)).startsWith(expected);
    }

    @Test
    void whatTheNextOneCannotFillIsAnError() throws Exception {
        Process reader = waitingReader("large");
        node.stop();

        node.prepare(Runnable::run).fail();
        node.resume();

        assertThat(Node.output(reader)).contains("Input/output error");
        node.layer().recover();
        assertThat(mount.resolve("large")).hasSameBinaryContentAs(node.tree().resolve("large"));
    }

    @Test
    void anEventWhoseFileWasNotNotedIsFilledWhereverItMayBeWaitedFor() throws Exception {
        node.addLayer("0a");
        node.mount("0a");
        Process reader = waitingReader("large");
        node.stop();
        node.journal().left().get(0).setInode(0);

        node.start();

        assertThat(Node.output(reader)).startsWith(expected);
        assertThat(node.layer("0a").fills()).isEqualTo(1);
    }

    @Test
    void withoutAJournalWhoeverWaitsGetsAnError() throws Exception {
        Process reader = waitingReader("large");
        node.stop();
        node.keeper.forget(KeptGroup.JOURNAL);

        node.start();

        // The kernel may have asked for more than the reader needs, and asks again for that.
        assertThat(Node.output(reader))
                .doesNotContain("0".repeat(64))
                .matches(output -> output.startsWith(expected) || output.contains("Input/output error"));
        assertThat(mount.resolve("large")).hasSameBinaryContentAs(node.tree().resolve("large"));
    }

    @Test
    void anOldEventAndANewOneUnderOneNumberBothGetTheirBytes() throws Exception {
        node.addLayer("0a");
        Path other = node.mount("0a");
        Process old = waitingReaderWithHighNumber("large");
        Process next = node.sumLater(other.resolve("usr/bin/sha256sum"));
        node.stop();

        askUnderTheSameNumber(next);
        node.layer().release();
        await().until(() -> node.layer("0a").waiting() == 1);
        node.layer("0a").release();

        assertThat(Node.output(next)).startsWith(node.expectedSum("usr/bin/sha256sum"));
        assertThat(Node.output(old)).startsWith(expected);
    }

    @Test
    void anAnswerThatWasGivenBeforeIsNotGivenToTheNewEventOfThatNumber() throws Exception {
        node.addLayer("0a");
        Path other = node.mount("0a");
        Process old = waitingReaderWithHighNumber("large");
        Process next = node.sumLater(other.resolve("usr/bin/sha256sum"));
        node.stop();
        Slot left = node.journal().left().get(0);
        try (FanotifyGroup group =
                node.linux.fanotifyGroup(node.keeper.take(KeptGroup.GROUP).orElseThrow())) {
            assertThat(group.answer(left.response(left.fd(), Protocol.DENY_EIO)))
                    .isTrue();
        }

        askUnderTheSameNumber(next);
        node.layer().release();
        await().until(() -> node.layer("0a").waiting() == 1);
        node.layer("0a").release();

        assertThat(Node.output(next)).startsWith(node.expectedSum("usr/bin/sha256sum"));
        old.destroyForcibly();
    }

    /** Starts the next backend, and lets a process read when the only number that is free is the one of the event that was left. */
    private void askUnderTheSameNumber(Process next) throws Exception {
        int number = node.unanswered().get(0);
        node.prepare(Runnable::run).hold();
        node.resume();
        await().until(() -> node.layer().waiting() > 0);
        node.layer("0a");
        List<LinuxFile> lower = new ArrayList<>();
        try {
            // Other threads close files that they had open for a moment, such as the one that an event was provoked
            // with.
            await().during(Duration.ofMillis(300)).until(() -> occupyTo(number, lower));
            // Opened while no number below is free: looking for the event must not take that of the event.
            LinuxFile journal = node.keeper.take(KeptGroup.JOURNAL).orElseThrow();
            lower.add(journal);
            lower.stream().filter(low -> low.fd() == number).forEach(LinuxFile::close);
            next.getOutputStream().write('\n');
            next.getOutputStream().flush();
            await().until(() -> Journal.open(journal).left().stream()
                            .filter(slot -> slot.fd() == number)
                            .count()
                    > 1);
        } finally {
            lower.forEach(LinuxFile::close);
        }
    }

    /** Opens files until none gets a lower number, or that one; says whether there was none to be opened. */
    private boolean occupyTo(int number, List<LinuxFile> lower) throws Exception {
        LinuxFile file = node.linux.open(Path.of("/dev/null"), OpenFlags.O_RDONLY, 0);
        boolean none = file.fd() > number;
        while (file.fd() <= number) {
            lower.add(file);
            file = node.linux.open(Path.of("/dev/null"), OpenFlags.O_RDONLY, 0);
        }
        file.close();
        return none;
    }

    /** Like {@link #waitingReader}, with a number for its event that the next backend does not need for files of its own. */
    private Process waitingReaderWithHighNumber(String file) throws Exception {
        List<LinuxFile> lower = new ArrayList<>();
        try {
            for (int i = 0; i < 64; i++) {
                lower.add(node.linux.open(Path.of("/dev/null"), OpenFlags.O_RDONLY, 0));
            }
            return waitingReader(file);
        } finally {
            lower.forEach(LinuxFile::close);
        }
    }

    /** A process that waits for a range that nobody fills. */
    private Process waitingReader(String file) throws Exception {
        assertThat(Files.size(mount.resolve(file))).isPositive();
        node.layer().hold();
        Process reader = node.sum(mount.resolve(file));
        await().until(() -> node.layer().waiting() == 1);
        return reader;
    }
}
