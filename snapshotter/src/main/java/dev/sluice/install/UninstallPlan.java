package dev.sluice.install;

import static java.util.Objects.requireNonNull;

import java.util.List;

/**
 * What is to be taken back.
 *
 * @param name under which containerd knows Sluice
 * @param changes of files; empty if there is nothing to do
 * @param users what still uses Sluice, for people; empty if nothing does, or nobody can tell
 * @param notes for people, one sentence each
 */
public record UninstallPlan(
        InstallTarget target, String name, List<FileChange> changes, List<String> users, List<String> notes) {
    public UninstallPlan {
        requireNonNull(target, "target is null");
        requireNonNull(name, "name is null");
        changes = List.copyOf(changes);
        users = List.copyOf(users);
        notes = List.copyOf(notes);
    }
}
