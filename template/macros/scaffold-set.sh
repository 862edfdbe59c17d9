if [ -z "${SCAFFOLD:-}" ]; then
  echo "error: SCAFFOLD is not set; {{ page }} says what it is" >&2
  exit 1
fi
