# Read by CMake as the project of Bitcoin Core begins. Sources are compiled several at a time, which halves the build; these two name things that others
# beside them name too.
cmake_language(DEFER DIRECTORY ${CMAKE_SOURCE_DIR} CALL
  set_source_files_properties
    ${CMAKE_SOURCE_DIR}/src/index/coinstatsindex.cpp
    ${CMAKE_SOURCE_DIR}/src/node/chainstate.cpp
    TARGET_DIRECTORY bitcoin_node
    PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
