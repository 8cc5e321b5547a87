<?php
/**
 * "What the chat knows", on the settings page.
 *
 * @package Pennypress
 */

namespace Pennypress;

defined( 'ABSPATH' ) || exit;

/**
 * Shows how the service's knowledge of the site stands, and takes the buttons beside it: as forms, and, where there is JavaScript,
 * from a script that also keeps the panel up to date.
 */
final class Content_Panel {

	const NONCE = 'pennypress_content';

	/** What the buttons can want. */
	const WISHES = array( 'start', 'compare', 'resend', 'retry', 'cancel', 'stop', 'remove' );

	/** Troubles that are listed. */
	const MOST_TROUBLES = 50;

	/** Seconds of work in a request of the panel itself, where the site can make none to itself. */
	const SHIFT = 3;

	/** What could not be done, for a person: kept for the one request. */
	const TRANSIENT = 'pennypress_panel_error';

	/**
	 * Does what a button of the page was pressed for. Dies if by someone who may not.
	 *
	 * @return bool Whether one was pressed.
	 */
	public static function take() {
		if ( ! isset( $_POST['pennypress_content'] ) ) { // phpcs:ignore WordPress.Security.NonceVerification -- checked in the next line.
			return false;
		}
		check_admin_referer( self::NONCE );
		if ( ! current_user_can( Settings_Form::CAPABILITY ) ) {
			wp_die( esc_html__( 'You may not change these settings.', 'pennypress' ), 403 );
		}
		self::fulfil( sanitize_key( wp_unslash( $_POST['pennypress_content'] ) ) );
		return true;
	}

	/**
	 * Answers the page's script with the panel as HTML, having done what a button was pressed for.
	 */
	public static function answer() {
		check_ajax_referer( self::NONCE );
		if ( ! current_user_can( Settings_Form::CAPABILITY ) ) {
			wp_send_json_error( null, 403 );
		}
		$wish = isset( $_POST['pennypress_content'] ) ? sanitize_key( wp_unslash( $_POST['pennypress_content'] ) ) : '';
		self::fulfil( $wish );
		if ( '' === $wish ) {
			self::lend_a_hand();
		}
		ob_start();
		self::render();
		wp_send_json(
			array(
				'html' => ob_get_clean(),
				'busy' => self::is_busy(),
			)
		);
	}

	/**
	 * Does what a button was pressed for.
	 *
	 * @param string $wish One of WISHES, or nothing.
	 */
	private static function fulfil( $wish ) {
		$settings = Settings::all();
		if ( ! in_array( $wish, self::WISHES, true ) || ! Settings::complete( $settings ) ) {
			return;
		}
		if ( 'start' === $wish ) {
			Learning::start();
		} elseif ( 'remove' === $wish ) {
			$error = Learning::stop_and_remove();
			if ( '' !== $error ) {
				set_transient( self::TRANSIENT, $error, 60 );
			}
		} elseif ( 'stop' === $wish ) {
			Learning::stop();
		} elseif ( 'cancel' === $wish ) {
			Comparison::cancel();
		} elseif ( Settings::learns( $settings ) ) {
			Document_Table::create();
			if ( 'resend' === $wish ) {
				Comparison_Table::forget_sent();
			}
			if ( 'retry' === $wish ) {
				Document_Table::try_again();
				Delivery_State::try_again();
				Worker::go_on();
			} else {
				Learning::compare();
			}
		}
	}

	/**
	 * Where the site can make no request to itself and WP-Cron sleeps, the open page is what brings the work forward.
	 */
	private static function lend_a_hand() {
		if ( Comparison::is_at_work() && ! Work_Lock::is_taken() && time() - Comparison::state()['began'] > 2 ) {
			Worker::work( self::SHIFT );
		}
	}

	/**
	 * How it stands.
	 *
	 * @return array<string, mixed>
	 */
	private static function facts() {
		$settings = Settings::all();
		$facts    = array(
			'connected' => Settings::complete( $settings ),
			'learns'    => $settings['learn'],
			'moved'     => $settings['learn'] && Settings::home() !== $settings['learn_home'],
			'known_as'  => $settings['learn_home'],
			'counts'    => array(
				'known'   => 0,
				'waiting' => 0,
				'failed'  => 0,
			),
			'troubles'  => array(),
			'delivery'  => Delivery_State::get(),
			'state'     => Comparison::state(),
			'at_work'   => false,
			'next'      => (int) wp_next_scheduled( Worker::EVENT_COMPARE ),
			'busy'      => false,
		);
		if ( $settings['learn'] ) {
			$facts['counts']   = Document_Table::counts();
			$facts['troubles'] = Document_Table::troubles( self::MOST_TROUBLES );
			$facts['at_work']  = Comparison::is_at_work();
			$facts['busy']     = $facts['at_work'] || $facts['counts']['waiting'] > 0;
		}
		return $facts;
	}

	/**
	 * Whether something is on its way, so that the panel changes soon.
	 *
	 * @return bool
	 */
	public static function is_busy() {
		return self::facts()['busy'];
	}

	/**
	 * How far the comparison is.
	 *
	 * @param array<string, mixed> $state As Comparison::state() returned it.
	 * @return array{done: int, of: int, text: string} `of` is 0 while it cannot be told.
	 */
	private static function progress( array $state ) {
		if ( Comparison::ASKING === $state['phase'] ) {
			return array(
				'done' => 0,
				'of'   => 0,
				'text' => __( 'Asking the service what it knows…', 'pennypress' ),
			);
		}
		if ( Comparison::WALKING === $state['phase'] ) {
			return array(
				'done' => (int) $state['looked'],
				'of'   => (int) $state['total'],
				/* translators: 1: number of pages looked at, 2: number of all pages */
				'text' => sprintf( __( 'Looking for differences: %1$s of %2$s pages', 'pennypress' ), number_format_i18n( $state['looked'] ), number_format_i18n( $state['total'] ) ),
			);
		}
		$sent = max( 0, $state['found'] - Document_Table::waiting_of( $state['run'] ) );
		return array(
			'done' => $sent,
			'of'   => (int) $state['found'],
			/* translators: 1: number of pages sent, 2: number of pages to send */
			'text' => sprintf( __( 'Sending: %1$s of %2$s pages', 'pennypress' ), number_format_i18n( $sent ), number_format_i18n( $state['found'] ) ),
		);
	}

	/**
	 * Builds the panel.
	 */
	public static function render() {
		$facts    = self::facts();
		$progress = $facts['at_work'] ? self::progress( $facts['state'] ) : null;
		$error    = (string) get_transient( self::TRANSIENT );
		delete_transient( self::TRANSIENT );
		require plugin_dir_path( MAIN_FILE ) . 'includes/content/view-panel.php';
	}

	/**
	 * How long ago or how soon something is.
	 *
	 * @param int $time Unix time.
	 * @return string
	 */
	public static function when( $time ) {
		if ( abs( time() - $time ) < 60 ) {
			return $time > time() ? __( 'in less than a minute', 'pennypress' ) : __( 'just now', 'pennypress' );
		}
		return $time > time()
			/* translators: %s: a span of time such as "5 hours" */
			? sprintf( __( 'in %s', 'pennypress' ), human_time_diff( $time ) )
			/* translators: %s: a span of time such as "5 hours" */
			: sprintf( __( '%s ago', 'pennypress' ), human_time_diff( $time ) );
	}
}
