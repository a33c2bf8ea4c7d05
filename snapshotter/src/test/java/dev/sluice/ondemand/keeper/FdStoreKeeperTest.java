package dev.sluice.ondemand.keeper;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Each file is deleted as soon as it is kept: what comes back is the open file. */
class FdStoreKeeperTest {
    @TempDir
    Path directory;

    private FdHolder holder;

    @BeforeEach
    void start() throws IOException {
        holder = FdHolder.start(directory.resolve("log"));
    }

    @AfterEach
    void stop() throws IOException {
        holder.close();
    }

    @Test
    void whatIsKeptSurvivesEachKillAndIsNoChildrensBusiness() throws IOException {
        keep("fuse", "one");
        keep("cachefiles", "two");

        holder.killAndStartAgain();
        assertThat(holder.run("take fuse")).isEqualTo("one");
        assertThat(holder.run("take cachefiles")).isEqualTo("two");

        holder.killAndStartAgain();
        assertThat(holder.run("take fuse")).isEqualTo("one");
    }

    @Test
    void aFileIsTakenOnce() throws IOException {
        keep("fuse", "one");
        holder.killAndStartAgain();
        assertThat(holder.run("take fuse")).isEqualTo("one");
        assertThat(holder.run("take fuse")).isEqualTo("nothing");
    }

    @Test
    void aNewFileIsKeptBeforeTheOldOneGoes() throws IOException {
        keep("fuse", "old");
        keep("fuse", "new");
        assertThat(holder.said("stored", "removed")).containsExactly("stored fuse", "stored fuse.1", "removed fuse");

        holder.killAndStartAgain();
        keep("fuse", "newest");
        holder.killAndStartAgain();
        assertThat(holder.run("take fuse")).isEqualTo("newest");
    }

    @Test
    void killedWhileBothAreKeptTheNewFileCounts() throws IOException {
        keep("fuse", "old");
        holder.run("store fuse.1 " + file("new"));

        holder.killAndStartAgain();
        assertThat(holder.run("take fuse")).isEqualTo("new");
        assertThat(holder.said("removed")).containsExactly("removed fuse");
    }

    @Test
    void whatIsForgottenDoesNotComeBack() throws IOException {
        keep("fuse", "one");
        keep("cachefiles", "two");
        assertThat(holder.run("forget fuse")).isEqualTo("done");

        holder.killAndStartAgain();
        assertThat(holder.run("take fuse")).isEqualTo("nothing");
        assertThat(holder.run("forget cachefiles")).isEqualTo("done");

        holder.killAndStartAgain();
        assertThat(holder.run("take cachefiles")).isEqualTo("nothing");
    }

    @Test
    void saysWhenTheStoreIsFull() throws IOException {
        keep("a", "1");
        keep("b", "2");
        keep("c", "3");
        assertThat(holder.run("keep d " + file("4")))
                .isEqualTo("failed: Tried to keep d but the service manager stores no more than 3 files");
    }

    @Test
    void leavesWhatIsNotItsOwn() throws IOException {
        holder.run("store some_socket " + file("not ours"));
        holder.killAndStartAgain();
        assertThat(holder.run("take some_socket")).isEqualTo("nothing");
        keep("fuse", "one");
        holder.killAndStartAgain();
        assertThat(holder.run("take fuse")).isEqualTo("one");
        assertThat(holder.said("removed")).isEmpty();
    }

    @Test
    void whatTheManagerLetGoIsGone() throws IOException {
        keep("fuse", "one");
        holder.signal("USR1");
        holder.killAndStartAgain();
        assertThat(holder.run("take fuse")).isEqualTo("nothing");
    }

    @Test
    void saysReadyAndStopping() throws IOException {
        assertThat(holder.run("ready")).isEqualTo("done");
        assertThat(holder.run("stopping")).isEqualTo("done");
        // Messages are read in order.
        keep("fuse", "one");
        assertThat(holder.said("ready", "stopping", "stored")).containsExactly("ready", "stopping", "stored fuse");
    }

    private void keep(String name, String contents) throws IOException {
        Path file = file(contents);
        assertThat(holder.run("keep " + name + " " + file)).isEqualTo("done");
        Files.delete(file);
    }

    private Path file(String contents) throws IOException {
        return Files.writeString(Files.createTempFile(directory, "kept", ""), contents);
    }
}
