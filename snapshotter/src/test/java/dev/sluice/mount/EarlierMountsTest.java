package dev.sluice.mount;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.fill.BootId;
import dev.sluice.linux.MountTable;
import dev.sluice.mount.EarlierMounts.Victim;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EarlierMountsTest {
    private static final BootId BOOT = new BootId(new UUID(1, 2));
    private static final Path ROOT = Path.of("/var/lib/sluice/m");
    private static final LayerId LAYER = new LayerId("0a".repeat(32));
    private static final LayerId OTHER = new LayerId("0b".repeat(32));

    @TempDir
    Path directory;

    @Test
    void whoeverUsesATaintedMountIsNamed() throws IOException {
        MountTable table = table(
                erofs("1", LAYER),
                erofs("2", OTHER),
                overlay("/run/a", "lowerdir=/var/lib/sluice/m/2:/var/lib/sluice/m/1,upperdir=/u"),
                overlay("/run/b", "lowerdir=/var/lib/sluice/m/2"));

        EarlierMounts mounts = open();
        mounts.update(table, LAYER::equals);

        assertThat(mounts.victims(table)).containsExactly(new Victim(Path.of("/run/a"), LAYER));
    }

    @Test
    void lowerDirectoriesMayBeRelativeOrOneByOne() throws IOException {
        MountTable table = table(
                erofs("17", LAYER),
                overlay("/run/a", "lowerdir=18:17"),
                overlay("/run/b", "lowerdir=snapshots/3/fs:m/17"),
                overlay("/run/c", "lowerdir+=/var/lib/sluice/m/18,lowerdir+=/var/lib/sluice/m/17"),
                overlay("/run/d", "lowerdir=17/fs"));

        EarlierMounts mounts = open();
        mounts.update(table, LAYER::equals);

        assertThat(mounts.victims(table))
                .extracting(Victim::directory)
                .containsExactly(Path.of("/run/a"), Path.of("/run/b"), Path.of("/run/c"));
    }

    @Test
    void aMountOfTwoDaemonsAgoIsTaintedWhenTheSecondOneIsLost() throws IOException {
        open().update(table(erofs("1", LAYER), overlay("/run/a", "lowerdir=/var/lib/sluice/m/1")), layer -> false);
        MountTable table = table(erofs("2", LAYER), overlay("/run/a", "lowerdir=/var/lib/sluice/m/1"));

        EarlierMounts mounts = open();
        assertThat(mounts.victims(table)).isEmpty();
        mounts.update(table, LAYER::equals);

        assertThat(mounts.victims(table)).containsExactly(new Victim(Path.of("/run/a"), LAYER));
    }

    @Test
    void aTaintStaysUntilNothingUsesTheMount() throws IOException {
        MountTable used = table(erofs("1", LAYER), overlay("/run/a", "lowerdir=/var/lib/sluice/m/1"));
        open().update(used, LAYER::equals);
        open().update(table(overlay("/run/a", "lowerdir=/var/lib/sluice/m/1")), layer -> false);
        assertThat(open().victims(used)).hasSize(1);

        open().update(table(), layer -> false);

        assertThat(open().victims(used)).isEmpty();
    }

    @Test
    void anotherBootHasNoEarlierMounts() throws IOException {
        MountTable used = table(erofs("1", LAYER), overlay("/run/a", "lowerdir=/var/lib/sluice/m/1"));
        open().update(used, LAYER::equals);

        EarlierMounts next = EarlierMounts.open(directory.resolve("earlier"), new BootId(new UUID(3, 4)), ROOT);

        assertThat(next.victims(used)).isEmpty();
    }

    private EarlierMounts open() throws IOException {
        return EarlierMounts.open(directory.resolve("earlier"), BOOT, ROOT);
    }

    private static MountTable table(MountTable.Mount... mounts) {
        return new MountTable(List.of(mounts));
    }

    private static MountTable.Mount erofs(String number, LayerId layer) {
        String image = "/var/lib/sluice/layers/" + layer.hex() + "/meta.erofs";
        return new MountTable.Mount(1, 0, "0:1", "/", ROOT + "/" + number, "ro", "erofs", image, "ro");
    }

    private static MountTable.Mount overlay(String place, String options) {
        return new MountTable.Mount(1, 0, "0:2", "/", place, "rw", "overlay", "overlay", "rw," + options);
    }
}
