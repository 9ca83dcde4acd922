"""The tables of this room are plain SQL, see the migrations."""
