package dev.sluice.mount;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.layer.LayerDescriptor;
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
        Files.writeString(directory.record(), json.replace("\"version\" : 2", "\"version\" : 3"));
        assertThatThrownBy(directory::readRecord).hasMessageContaining("version 3, expected 1 to 2");
        Files.writeString(directory.record(), json.replace(LayerRecord.MAGIC, "other"));
        assertThatThrownBy(directory::readRecord).hasMessageContaining("not a layer record");
        Files.writeString(directory.record(), json.substring(0, json.length() / 2));
        assertThatThrownBy(directory::readRecord).isInstanceOf(IOException.class);
    }

    @Test
    void aRecordOfTheFirstVersionIsOfALazyLayerThatNobodyLookedAtInFull() throws IOException {
        LayerDirectory directory = store.create(ID, fresh -> fresh.writeRecord(record()));
        String json = Files.readString(directory.record());
        Files.writeString(
                directory.record(),
                json.replace("\"version\" : 2", "\"version\" : 1").replaceAll(",\\s*\"diffId\"[^}]*", ""));

        LayerRecord old = directory.readRecord();

        assertThat(old.diffId()).isEmpty();
        assertThat(old.whole()).isFalse();
        assertThat(old.withSource("registry.example/other").version()).isEqualTo(LayerRecord.VERSION);
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
                0,
                List.of("usr", "name-\uDCFF"),
                List.of("registry.example/app"),
                "sha256:" + "c".repeat(64),
                "",
                true);
    }
}
