package dev.sluice.mount;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.layer.DeviceRange;
import dev.sluice.layer.LayerDescriptor;
import dev.sluice.registry.Digest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LayerStoreTest {
    private static final LayerId ID = LayerId.of("sha256:" + "a".repeat(64), "sha256:" + "b".repeat(64));

    @TempDir
    Path root;

    private LayerStore store;

    @BeforeEach
    void open() throws IOException {
        store = LayerStore.open(root);
    }

    @Test
    void aLayerIsThereOnlyWhenItIsWhole() throws IOException {
        store.create(ID, directory -> {
            directory.writeRecord(record());
            assertThat(store.find(ID)).isEmpty();
        });
        assertThat(store.find(ID)).isPresent();
        assertThat(store.list()).containsExactly(ID);
        assertThat(store.directory(ID).readRecord()).isEqualTo(record());
    }

    @Test
    void aFailureLeavesNothing() throws IOException {
        assertThatThrownBy(() -> store.create(ID, directory -> {
                    directory.writeRecord(record());
                    throw new IOException("no space");
                }))
                .hasMessage("no space");
        assertThat(root).isEmptyDirectory();
    }

    @Test
    void ofTwoWhoMakeOneLayerTheFirstWins() throws IOException {
        store.create(ID, directory -> {
            store.create(ID, other -> other.writeRecord(record().withSource("first.example/app")));
            directory.writeRecord(record());
        });
        assertThat(store.directory(ID).readRecord().sources()).contains("first.example/app");
        assertThat(store.list()).containsExactly(ID);
    }

    @Test
    void whatACrashLeftHalfMadeOrHalfDeletedIsGoneAtTheNextStart() throws IOException {
        store.create(ID, directory -> directory.writeRecord(record()));
        assertThat(store.condemn(ID)).isPresent();
        Files.createDirectory(root.resolve(".new-crashed"));
        LayerStore.open(root);
        assertThat(root).isEmptyDirectory();
        assertThat(store.condemn(ID)).isEmpty();
    }

    @Test
    void aRecordOfAnotherVersionIsNotRead() throws IOException {
        LayerDirectory directory = store.create(ID, fresh -> fresh.writeRecord(record()));
        String json = Files.readString(directory.record());
        Files.writeString(directory.record(), json.replace("\"version\" : 4", "\"version\" : 5"));
        assertThatThrownBy(directory::readRecord).hasMessageContaining("version 5, expected 1 to 4");
        Files.writeString(directory.record(), json.replace(LayerRecord.MAGIC, "other"));
        assertThatThrownBy(directory::readRecord).hasMessageContaining("not a layer record");
        Files.writeString(directory.record(), json.substring(0, json.length() / 2));
        assertThatThrownBy(directory::readRecord).isInstanceOf(IOException.class);
    }

    @Test
    void aRecordOfTheFirstVersionIsOfALazyLayerThatNobodyLookedAtInFull() throws IOException {
        LayerRecord old = readAs("\"version\" : 1", "");

        assertThat(old.vouchers()).isEqualTo(Vouchers.ANNOTATION);
        assertThat(old.whole()).isFalse();
        assertThat(old.withSource("registry.example/other").version()).isEqualTo(LayerRecord.VERSION);
    }

    @Test
    void aRecordOfTheSecondVersionHadOneImageOrAVerifiedDiffId() throws IOException {
        String version = "\"version\" : 2";
        String image = "sha256:" + "e".repeat(64);

        assertThat(readAs(version, ", \"diffId\" : \"sha256:d\", \"claimedBy\" : \"\", \"whole\" : true"))
                .satisfies(old -> assertThat(old.diffId()).isEqualTo("sha256:d"))
                .satisfies(old -> assertThat(old.whole()).isTrue());
        assertThat(readAs(version, ", \"diffId\" : \"\", \"claimedBy\" : \"" + image + "\", \"whole\" : false")
                        .vouchers())
                .isEqualTo(Vouchers.image(Digest.parse(image)));
        assertThat(readAs(version, ", \"diffId\" : \"\", \"claimedBy\" : \"\", \"whole\" : false")
                        .vouchers())
                .as("of an eStargz layer")
                .isEqualTo(Vouchers.ANNOTATION);
    }

    @Test
    void theIndexOfAPlainLayerThatNoImageNamedWasRightForAll() throws IOException {
        LayerDirectory directory = store.create(ID, fresh -> fresh.writeRecord(record()));
        String json = Files.readString(directory.record());
        Files.writeString(
                directory.record(),
                json.replace("\"version\" : 4", "\"version\" : 2")
                        .replace("\"estargz\"", "\"tar+gzip\"")
                        .replaceAll(
                                "(?s),\\s*\"vouchers\".*",
                                ", \"diffId\" : \"\", \"claimedBy\" : \"\", \"whole\" : false}"));

        assertThat(directory.readRecord().vouchers()).isEqualTo(Vouchers.REPOSITORY);
    }

    /** Reads a record whose end is of an earlier version. */
    private LayerRecord readAs(String version, String end) throws IOException {
        LayerDirectory directory = store.create(ID, fresh -> fresh.writeRecord(record()));
        directory.writeRecord(record());
        String json = Files.readString(directory.record());
        Files.writeString(
                directory.record(),
                json.replace("\"version\" : 4", version).replaceAll("(?s),\\s*\"vouchers\".*", end + "}"));
        return directory.readRecord();
    }

    @Test
    void thoseWhoStandForAnIndexAreAddedToTheRecordAndStay() throws IOException {
        Digest first = Digest.sha256(new byte[] {1});
        Digest second = Digest.sha256(new byte[] {2});
        store.create(ID, fresh -> fresh.writeRecord(record()));

        store.vouch(ID, Vouchers.image(first));
        store.vouch(ID, Vouchers.image(second));
        store.vouch(ID, Vouchers.image(first));
        store.update(ID, record -> record.withSource("registry.example/other"));

        LayerRecord record = LayerStore.open(root).directory(ID).readRecord();
        assertThat(record.vouchers().images()).containsExactly(first.toString(), second.toString());
        assertThat(record.diffId()).isEqualTo(record().diffId());
        assertThat(record.sources()).hasSize(2);
        assertThatThrownBy(() -> store.vouch(ID, Vouchers.verified(first))).hasMessageContaining("one layer is said");
    }

    @Test
    void whatIsToBePrefetchedWasOneNumberInEarlierRecords() throws IOException {
        LayerDirectory directory = store.create(ID, fresh -> fresh.writeRecord(record()));
        String json = Files.readString(directory.record());
        assertThat(directory.readRecord().prefetch()).containsExactly(new DeviceRange(4096, 1), new DeviceRange(0, 2));
        String ranges = "(?s)\"prefetch\" : \\[.*?\\]";

        Files.writeString(directory.record(), json.replaceAll(ranges, "\"prefetch\" : 8192"));
        assertThat(directory.readRecord().prefetch()).containsExactly(new DeviceRange(0, 8192));
        Files.writeString(directory.record(), json.replaceAll(ranges, "\"prefetch\" : 0"));
        assertThat(directory.readRecord().prefetch()).isEmpty();
        Files.writeString(directory.record(), json.replaceAll(ranges, "\"prefetch\" : [{}]"));
        assertThatThrownBy(directory::readRecord).isInstanceOf(IOException.class);
    }

    @Test
    void oneBlobUnderTwoTablesOfContentsIsTwoLayers() {
        assertThat(LayerId.of("sha256:" + "a".repeat(64), "sha256:" + "c".repeat(64)))
                .isNotEqualTo(ID);
    }

    @Test
    void keysSurviveTheirText() {
        MountKey own = new MountKey(ID, Optional.empty());
        MountKey variant = new MountKey(ID, Optional.of("0123456789abcdef"));
        assertThat(MountKey.parse(own.toLayerKey())).isEqualTo(own);
        assertThat(MountKey.parse(variant.toLayerKey())).isEqualTo(variant);
    }

    private static LayerRecord record() {
        return new LayerRecord(
                LayerRecord.MAGIC,
                LayerRecord.VERSION,
                "estargz",
                new LayerDescriptor("application/x", "sha256:" + "a".repeat(64), 100, Map.of("k", "v")),
                "sha256:" + "b".repeat(64),
                8192,
                List.of(new DeviceRange(4096, 1), new DeviceRange(0, 2)),
                List.of("usr", "name-\uDCFF"),
                List.of("registry.example/app"),
                Vouchers.verified(Digest.parse("sha256:" + "c".repeat(64))),
                true,
                List.of());
    }
}
